// A random operator in plain JavaScript, written from docs/protocol.md: it shares no code with mosaic_nb.
"use strict";
const net = require("node:net");

// --- msgpack, and the arrays that travel beside it ---
function decode(bytes, payload, at = 0) {
  const take = (size) => bytes.subarray(at, (at += size));
  const uint = (size) => (size === 8 ? take(8).readBigUInt64BE() : take(size).readUIntBE(0, size));
  const int = (size) => (size === 8 ? take(8).readBigInt64BE() : take(size).readIntBE(0, size));
  const text = (size) => take(size).toString("utf8");
  const list = (size) => Array.from({ length: size }, () => value());
  const map = (size) => Object.fromEntries(Array.from({ length: size }, () => [value(), value()]));
  const array = (size) => {
    const [code, [dtype, shape, start]] = [uint(1), decode(take(size))];
    return { code, dtype, shape, bytes: payload.subarray(start) };
  };
  const value = () => {
    const tag = uint(1);
    if (tag < 0x80) return tag;
    if (tag < 0xa0) return (tag < 0x90 ? map : list)(tag & 0x0f);
    if (tag < 0xc0) return text(tag & 0x1f);
    if (tag >= 0xe0) return tag - 256;
    if (tag <= 0xc3) return [null, undefined, false, true][tag - 0xc0];
    if (tag <= 0xc6) return take(uint(1 << (tag - 0xc4)));
    if (tag <= 0xc9) return array(uint(1 << (tag - 0xc7)));
    if (tag <= 0xcb) return tag === 0xca ? take(4).readFloatBE() : take(8).readDoubleBE();
    if (tag <= 0xcf) return uint(1 << (tag - 0xcc));
    if (tag <= 0xd3) return int(1 << (tag - 0xd0));
    if (tag <= 0xd8) return array(1 << (tag - 0xd4));
    if (tag <= 0xdb) return text(uint(1 << (tag - 0xd9)));
    return tag <= 0xdd ? list(uint(tag === 0xdc ? 2 : 4)) : map(uint(tag === 0xde ? 2 : 4));
  };
  return value();
}
function encode(value) { // integers, texts, lists and maps: all that our replies are made of
  const head = (tag, size) => Buffer.from([tag, size >>> 24, size >>> 16, size >>> 8, size]);
  if (typeof value === "string") return Buffer.concat([head(0xdb, Buffer.byteLength(value)), Buffer.from(value)]);
  if (Array.isArray(value)) return Buffer.concat([head(0xdd, value.length), ...value.map(encode)]);
  const pairs = Object.entries(value);
  if (typeof value === "object") return Buffer.concat([head(0xdf, pairs.length), ...pairs.flat().map(encode)]);
  const number = Buffer.alloc(9, value < 0 ? 0xd3 : 0xcf);
  number.writeBigUInt64BE(BigInt.asUintN(64, BigInt(value)), 1);
  return number;
}

// --- the operator: a seat is no more than the action space of its episode ---
const seats = new Map();
const done = { type: "done" };
const place = ({ lane = "", agent = "" }) => JSON.stringify([lane, agent]);
const refuse = (name, message) => { throw Object.assign(new Error(message), { name }); };
const seat = (request) => seats.get(place(request)) ?? refuse("RuntimeError", "no seat here: reset_seat comes first");
const answers = {
  hello: ({ versions, name = "" }) => versions.includes(1)
    ? { type: "welcome", version: 1, name, capabilities: ["act", "learn"] }
    : refuse("VersionMismatch", `the scheduler offers version ${versions}, this worker speaks 1`),
  load: ({ options = {} }) => Object.keys(options).length
    ? refuse("TypeError", `this operator has no options, but was given ${Object.keys(options)}`) : { type: "loaded" },
  reset_seat(request) {
    const space = request.episode.action_space;
    if (space.type !== "Discrete") refuse("TypeError", `it acts in Discrete spaces, not in ${space.type}`);
    return seats.set(place(request), space) && done;
  },
  act(request) {
    const [{ n, start }, mask] = [seat(request), request.observation.action_mask];
    const legal = [...Array(n).keys()].filter((index) => !mask || mask.bytes[index]);
    if (!legal.length) refuse("ValueError", "no action is legal");
    return { type: "decision", action: start + legal[BigInt(request.seed ?? 0) % BigInt(legal.length)] };
  },
  learn: (request) => seat(request) && done, // nothing to learn, so any step is caught up with at once
  close_seat: (request) => seat(request) && seats.delete(place(request)) && done,
  ping: () => done, shutdown: () => done,
};

function answer({ id, lane = "", agent = "", step = 0, ...rest }) {
  let reply;
  try {
    if (!Object.hasOwn(answers, rest.type)) refuse("UnexpectedMessage", `this worker does not answer ${rest.type}`);
    reply = answers[rest.type]({ lane, agent, ...rest });
  } catch (error) {
    reply = { type: "failure", error: error.name, message: error.message, traceback: error.stack };
  }
  const frame = Buffer.concat([Buffer.alloc(8), encode({ id, lane, agent, step, ...reply })]);
  frame.writeUInt32LE(frame.length - 8); // the payload's length stays 0: our replies hold no arrays
  return frame;
}

// --- the socket ---
let received = Buffer.alloc(0);
const socket = new net.Socket({ fd: Number(process.env.MOSAIC_NB_SOCKET) });
socket.on("end", () => process.exit(0)).on("error", () => process.exit(1)).on("data", (chunk) => {
  received = Buffer.concat([received, chunk]);
  while (received.length >= 8) {
    const [header, payload] = [8 + received.readUInt32LE(0), received.readUInt32LE(4)];
    if (received.length < header + payload) return;
    const request = decode(received.subarray(8, header), received.subarray(header, header + payload));
    received = received.subarray(header + payload);
    socket.write(answer(request), () => request.type === "shutdown" && process.exit(0));
  }
});
