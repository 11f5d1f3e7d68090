// Consumes a channel and shows its messages; each is finished or requeued by a click. While it waits for that it is touched.

import { Consumer, Producer } from "/client/index.js";

const settings = document.querySelector("#settings");
const state = document.querySelector("#state");
const list = document.querySelector("#messages");
/** For each connection the one that is there: a page of yours would ask your server for a token (docs/client.md). */
const authSecret = () => settings.elements.secret.value;
let consumer = null;
let producer = null;

settings.addEventListener("submit", async (event) => {
  event.preventDefault();
  const { broker, topic, channel } = Object.fromEntries(new FormData(settings));
  await consumer?.stop();
  state.textContent = "connecting";
  consumer = new Consumer(topic, channel, { maxInFlight: 5, maxAttempts: 0, authSecret });
  consumer.on("connection", () => {
    state.textContent = "connected";
  });
  consumer.on("disconnection", () => {
    state.textContent = "not connected";
  });
  consumer.on("error", ({ error }) => console.error(error));
  consumer.handle(show, { concurrency: 5, autoRespond: false }).connectToEdge(broker);
});

document.querySelector("#publish").addEventListener("submit", async (event) => {
  event.preventDefault();
  const { broker, topic } = Object.fromEntries(new FormData(settings));
  const { body } = Object.fromEntries(new FormData(event.target));
  producer ??= new Producer(`${broker.replace("http", "ws")}/v2?topic=${topic}`, { authSecret });
  await producer.publish(topic, body);
});

/** Resolves when the message is answered. */
function show(message) {
  return new Promise((resolve) => {
    const item = document.createElement("li");
    const body = document.createElement("span");
    body.className = "body";
    body.textContent = message.text();
    const note = document.createElement("small");
    note.textContent = `attempt ${message.attempts}`;
    const answer = (label, act) => {
      const button = document.createElement("button");
      button.textContent = label;
      button.addEventListener("click", () => {
        note.textContent = `${label.toLowerCase()}: ${act()}`;
        for (const each of item.querySelectorAll("button")) each.disabled = true;
        resolve();
      });
      return button;
    };
    item.append(body, note);
    item.append(
      answer("Finish", () => message.finish()),
      answer("Requeue", () => message.requeueWithoutBackoff(1_000)),
    );
    list.prepend(item);
  });
}
