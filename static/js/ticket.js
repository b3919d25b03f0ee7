export function startTicket() {}
