export function startCells() {}
