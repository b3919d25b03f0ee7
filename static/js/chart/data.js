/* The chart's rows: start ms, open, high, low, close, volume, final, then indicator values. Kept in order of time. */
export class Rows {
  constructor() { this.clear(); }

  clear() {
    this.list = [];
    this.columns = [];
    this.sessions = [];
    this.more = false;
  }

  get last() { return this.list.at(-1) ?? null; }

  /** Take a whole page of older rows in front of ours. */
  prepend(told) {
    const first = this.list[0]?.[0] ?? Infinity;
    const older = told.rows.filter((row) => row[0] < first);
    this.list = [...older, ...this.list];
    this.sessions = [...new Set([...told.sessions, ...this.sessions])];
    this.more = told.more && older.length > 0;
  }

  /** Merge rows of the live line; returns those that are news (in order), or null where the whole must be drawn anew. */
  merge(rows) {
    const news = [];
    let anew = false;
    for (const row of rows) {
      const last = this.last;
      if (!last || row[0] > last[0]) { this.list.push(row); news.push(row); }
      else if (row[0] === last[0]) { this.list[this.list.length - 1] = row; news.push(row); }
      else {
        const at = this.find(row[0]);
        if (at >= 0) { if (!this.list[at][6]) { this.list[at] = row; anew = true; } } // what is final stays as it is
        else if (this.list[0] && row[0] > this.list[0][0]) { this.list.splice(this.list.findIndex((each) => each[0] > row[0]), 0, row); anew = true; }
      }
    }
    return anew ? null : news;
  }

  find(ms) {
    let low = 0;
    let high = this.list.length - 1;
    while (low <= high) {
      const middle = (low + high) >> 1;
      if (this.list[middle][0] === ms) return middle;
      if (this.list[middle][0] < ms) low = middle + 1; else high = middle - 1;
    }
    return -1;
  }

  at(ms) { const place = this.find(ms); return place < 0 ? null : this.list[place]; }
}

/** One page of history; throws an Error with the server's own sentence. */
export async function historyFetch(url, params, signal) {
  const answer = await fetch(`${url}?${new URLSearchParams(params)}`, { signal, headers: { Accept: "application/json" } });
  if (answer.redirected) throw new Error("You are signed out. Sign in again to see this chart.");
  const told = await answer.json();
  if (!answer.ok) throw new Error(told.message);
  return told;
}
