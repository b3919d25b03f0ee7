/* What the library does not draw by itself: the countdown under the last price, and bands behind the sessions. */
import { token } from "../page.js";

/** Time to the candle's close, on the price axis just below the last price. */
export class Countdown {
  constructor() { this.text = ""; this.price = null; this.colour = ""; }

  attached({ series, requestUpdate }) { this.series = series; this.redraw = requestUpdate; }

  set(text, price, colour) {
    if (text === this.text && price === this.price) return;
    [this.text, this.price, this.colour] = [text, price, colour];
    this.redraw?.();
  }

  priceAxisViews() {
    return [{
      coordinate: () => (this.price === null ? -100 : (this.series.priceToCoordinate(this.price) ?? -100) + 17),
      text: () => this.text,
      textColor: () => token("ink"),
      backColor: () => token("sunken"),
      visible: () => Boolean(this.text),
      tickVisible: () => false,
    }];
  }
}

/** Every second session lies on a faint band, so that days are seen without lines. */
export class SessionBands {
  constructor(rows) { this.rows = rows; }

  attached({ chart, requestUpdate }) { this.chart = chart; this.redraw = requestUpdate; }

  paneViews() {
    return [{ zOrder: () => "bottom", renderer: () => ({ draw: (target) => target.useBitmapCoordinateSpace((scope) => this.#draw(scope)) }) }];
  }

  #draw({ context, bitmapSize, horizontalPixelRatio }) {
    const edges = this.rows.sessions.map((ms) => this.#x(ms));
    context.fillStyle = token("band");
    for (let at = edges.length - 2; at >= 0; at -= 2) { // the running session is never shaded
      const left = edges[at];
      const right = at + 1 < edges.length ? edges[at + 1] : bitmapSize.width / horizontalPixelRatio;
      if (left === null || right === null || right < 0) continue;
      context.fillRect(left * horizontalPixelRatio, 0, (right - left) * horizontalPixelRatio, bitmapSize.height);
    }
  }

  #x(ms) {
    const { list } = this.rows;
    if (!list.length) return null;
    let low = 0;
    let high = list.length;
    while (low < high) { const middle = (low + high) >> 1; if (list[middle][0] < ms) low = middle + 1; else high = middle; }
    return this.chart.timeScale().logicalToCoordinate(low - 0.5);
  }
}
