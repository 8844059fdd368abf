// Plays the widget manager: a model whose messages are kept, and which receives what the test sends.
async (source) => {
    const module = await import(URL.createObjectURL(new Blob([source], {type: "text/javascript"})));
    const hearers = { "msg:custom": new Set(), comm_live_update: new Set() };
    window.sent = [];
    const model = {
        send: (message) => window.sent.push(message),
        on: (name, hearer) => hearers[name].add(hearer),
        off: (name, hearer) => hearers[name].delete(hearer),
    };
    const bytes = (text) => new DataView(Uint8Array.from(atob(text), (one) => one.charCodeAt(0)).buffer);
    window.receive = (message, buffers) =>
        Promise.all([...hearers["msg:custom"]].map((hear) => hear(message, buffers.map(bytes))));
    window.disconnect = () => hearers.comm_live_update.forEach((hear) => hear());
    window.refuse = () => {
        model.send = () => { throw new Error("Cannot send"); };
    };
    window.enter = () => {
        window.leave = module.default.render({model, el: document.getElementById("here")});
    };
    window.enter();
}
