// Plays the widget manager: a model whose messages are kept, and which receives what the test sends.
async (source) => {
    const module = await import(URL.createObjectURL(new Blob([source], {type: "text/javascript"})));
    const hearers = new Set();
    window.sent = [];
    const model = {
        send: (message) => window.sent.push(message),
        on: (_name, hearer) => hearers.add(hearer),
        off: (_name, hearer) => hearers.delete(hearer),
    };
    const bytes = (text) => new DataView(Uint8Array.from(atob(text), (one) => one.charCodeAt(0)).buffer);
    window.receive = (message, buffers) =>
        Promise.all([...hearers].map((hear) => hear(message, buffers.map(bytes))));
    window.enter = () => {
        window.leave = module.default.render({model, el: document.getElementById("here")});
    };
    window.enter();
}
