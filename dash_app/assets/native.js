// The browser's half of dash_app/native.py: one element whose inside is markup made and escaped by the server.
window.pdp_native = {
  Native: function Native({id, element, attributes, markup}) {
    const names = {class: "className", for: "htmlFor", tabindex: "tabIndex", value: "defaultValue"};
    const props = {id};
    for (const [name, value] of Object.entries(attributes || {})) props[names[name] || name] = value;
    if (markup) props.dangerouslySetInnerHTML = {__html: markup};
    return window.React.createElement(element, props);
  },
};
