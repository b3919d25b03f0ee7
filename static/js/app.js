/* Every page's own start: the frame's behaviour, dialogs, toasts, live cells. Pages add a module of their own. */
import { startFrame } from "./frame.js";
import { startConfirm, startDialogs } from "./dialogs.js";
import { startTables } from "./tables.js";
import { startForms } from "./forms.js";
import { startCells } from "./cells.js";
import { startStatus } from "./status.js";
import { startTicket } from "./ticket.js";

startFrame();
startDialogs();
startConfirm();
startTables();
startForms();
startCells();
startStatus();
startTicket();
