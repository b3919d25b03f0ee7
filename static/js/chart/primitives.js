/* What the library does not draw by itself: the countdown under the last price, and bands behind the sessions. */
import { token } from "../page.js";

/** The last price on its axis (a hollow candle would leave the library's own label without a colour) and, below it,
 * the time to the candle's close. */
export class LastPrice {
  constructor(format) { [this.format, this.text, this.price, this.rising] = [format, "", null, true]; }

  attached({ series, requestUpdate }) { this.series = series; this.redraw = requestUpdate; }

  set(text, price, rising) {
    if (text === this.text && price === this.price) return;
    [this.text, this.price, this.rising] = [text, price, rising];
    this.redraw?.();
  }

  #y() { return this.price === null ? -100 : this.series.priceToCoordinate(this.price) ?? -100; }

  priceAxisViews() {
    return [{
      coordinate: () => this.#y(),
      text: () => this.format(this.price),
      textColor: () => token("ink-on-solid"),
      backColor: () => token(this.rising ? "up-solid" : "down-solid"),
      visible: () => this.price !== null,
    }, {
      coordinate: () => this.#y() + 17,
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
