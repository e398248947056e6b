"use strict";
// Where a live run comes from. The page knows no more than this:
//
//   source.start({ state(name, sentence), message(object) })   state: connecting, open, gone, refused
//   source.send(object)                                        { type: "mark" | "pain" | "record", ... }; true if it went
//
// Messages are those of docs/live.md. HostSource has them from `trendel live --web`; a source that computes them in the
// browser from a clip would have the same two methods.

const PAUSES_MS = [300, 600, 1200, 2500, 5000];

export class HostSource {
  constructor(url, token) {
    this.url = url;
    this.token = token;
    this.tries = 0;
    this.socket = null;
  }

  start(handlers) {
    this.handlers = handlers;
    this.connect();
  }

  connect() {
    if (this.tries === 0) this.handlers.state("connecting", "");
    const socket = new WebSocket(this.url);
    this.socket = socket;
    socket.onopen = () => socket.send(JSON.stringify({ type: "hello", token: this.token }));
    socket.onmessage = (event) => {
      const message = JSON.parse(event.data);
      if (message.type === "hello") {
        this.tries = 0;
        this.handlers.state("open", "");
      }
      this.handlers.message(message);
    };
    socket.onclose = (event) => {
      if (event.code === 4401) {
        this.handlers.state("refused", "The address lacks the right token: open the one that the terminal shows.");
        return;
      }
      const pause = PAUSES_MS[Math.min(this.tries, PAUSES_MS.length - 1)];
      this.handlers.state("gone", this.tries === 0 ? "No connection to the computer: trying again." : "");
      this.tries += 1;
      setTimeout(() => this.connect(), pause);
    };
  }

  send(object) {
    if (this.socket === null || this.socket.readyState !== WebSocket.OPEN) return false;
    this.socket.send(JSON.stringify(object));
    return true;
  }
}
