"use strict";
// Draws what the page holds. Texts of the data are only ever written as text, never as markup.
(function () {
  const data = JSON.parse(document.getElementById("data").textContent);
  const renderer = L.canvas({ padding: 0.4, tolerance: 6 });
  const map = L.map("map", { renderer: renderer, attributionControl: false, zoomControl: false, zoomSnap: 0.5 });
  L.control.zoom({ zoomInTitle: data.texts.zoom_in, zoomOutTitle: data.texts.zoom_out }).addTo(map);
  L.control.scale({ imperial: false, maxWidth: 160 }).addTo(map);
  const listed = document.querySelector("#legend ul");
  const everything = L.latLngBounds([]);

  function path(differences) {
    const points = [];
    let x = 0, y = 0;
    for (let k = 0; k < differences.length; k += 2) {
      x += differences[k];
      y += differences[k + 1];
      points.push([y * data.unit, x * data.unit]);
    }
    return points;
  }

  function shape(kind, parts, style) {
    if (kind === "a") { return L.polygon(parts.map(part => part.map(path)), style); }
    if (kind === "l") { return L.polyline(parts.map(part => path(part[0])), style); }
    const points = parts.map(part => L.circleMarker(path(part[0])[0], style));
    return points.length === 1 ? points[0] : L.featureGroup(points);
  }

  function element(name, text) {
    const made = document.createElement(name);
    made.textContent = text;
    return made;
  }

  function popup(layer, head, values) {
    const box = document.createElement("div");
    box.append(element("h2", head || layer.title));
    const under = [head ? layer.title : "", layer.worth].filter(Boolean).join(" ");
    if (under) { box.append(element("small", under)); }
    const table = document.createElement("table");
    layer.labels.forEach((label, k) => {
      if (!values[k]) { return; }
      const row = document.createElement("tr");
      row.append(element("th", label), element("td", values[k]));
      table.append(row);
    });
    box.append(table);
    return box;
  }

  function key(style) {
    const ns = "http://www.w3.org/2000/svg";
    const drawing = document.createElementNS(ns, "svg");
    drawing.setAttribute("width", 24);
    drawing.setAttribute("height", 14);
    drawing.setAttribute("aria-hidden", "true");
    const name = style.radius ? "circle" : style.fill ? "rect" : "line";
    const mark = document.createElementNS(ns, name);
    const place = {
      circle: { cx: 12, cy: 7, r: Math.min(style.radius, 6) },
      rect: { x: 1, y: 1, width: 22, height: 12 },
      line: { x1: 1, y1: 7, x2: 23, y2: 7 }
    }[name];
    for (const [side, value] of Object.entries(place)) { mark.setAttribute(side, value); }
    mark.setAttribute("fill", style.fill ? style.fillColor : "none");
    mark.setAttribute("fill-opacity", style.fillOpacity ?? 1);
    mark.setAttribute("stroke", style.color || "none");
    mark.setAttribute("stroke-width", Math.min(style.weight, 3));
    if (style.dashArray) { mark.setAttribute("stroke-dasharray", style.dashArray); }
    drawing.append(mark);
    return drawing;
  }

  const groups = data.layers.map(layer => {
    const group = L.featureGroup();
    layer.features.forEach(([kind, head, values, type, parts], row) => {
      const drawn = shape(type, parts, layer.styles[kind]);
      drawn.row = row;
      drawn.bindPopup(() => popup(layer, head, values), { maxWidth: 320 });
      group.addLayer(drawn);
    });
    everything.extend(group.getBounds());
    return group;
  });

  // A canvas draws in the order of adding: the whole pile again, from below to above.
  function draw() {
    groups.forEach(group => map.removeLayer(group));
    for (let k = groups.length - 1; k >= 0; k--) {
      if (data.layers[k].shown) { groups[k].addTo(map); }
    }
  }

  // Seen from afar, lines are drawn thin: their widths are those of a map at 1:50 000.
  function thin() {
    const factor = Math.min(1, Math.max(0.35, 0.35 + 0.2 * (map.getZoom() - 9)));
    groups.forEach((group, k) => group.eachLayer(drawn => {
      const style = data.layers[k].styles[data.layers[k].features[drawn.row][0]];
      if (!style.radius) { drawn.setStyle({ weight: style.weight * factor }); }
    }));
  }

  data.layers.forEach((layer, k) => {
    const item = document.createElement("li");
    const label = document.createElement("label");
    const box = document.createElement("input");
    box.type = "checkbox";
    box.checked = layer.shown;
    item.classList.toggle("off", !layer.shown);
    box.addEventListener("change", () => {
      layer.shown = box.checked;
      item.classList.toggle("off", !box.checked);
      draw();
    });
    label.append(box);
    if (!layer.classes.length) { label.append(key(layer.styles[0])); }
    const name = element("span", layer.title);
    if (layer.worth) { name.append(" ", element("small", layer.worth)); }
    label.append(name);
    item.append(label);
    layer.classes.forEach((text, n) => {
      const line = document.createElement("div");
      line.className = "class";
      line.append(key(layer.styles[n]), element("span", text));
      item.append(line);
    });
    listed.append(item);
  });

  const names = new Map();
  data.layers.forEach((layer, k) => {
    const found = groups[k].getLayers();
    layer.find.forEach((name, n) => names.set(name.toLocaleLowerCase(), found[n]));
    layer.find.forEach(name => {
      const option = document.createElement("option");
      option.value = name;
      document.getElementById("names").append(option);
    });
  });

  const plain = text => text.toLocaleLowerCase().normalize("NFD").replace(/\p{M}/gu, "").replace(/[^a-z0-9]+/g, " ").trim();
  const form = document.getElementById("search");
  const field = document.getElementById("name");
  const unknown = document.getElementById("unknown");
  form.hidden = names.size === 0;
  function go(strict) {
    const wanted = plain(field.value);
    unknown.textContent = "";
    if (!wanted) { return; }
    const all = [...names.keys()];
    const match = all.find(name => plain(name) === wanted) || (strict && all.find(name => plain(name).startsWith(wanted)));
    if (!match) {
      if (strict) { unknown.textContent = data.texts.unknown; }
      return;
    }
    const target = names.get(match);
    map.fitBounds(target.getBounds(), { maxZoom: 15 });
    target.openPopup(target.getBounds().getCenter());
  }
  form.addEventListener("submit", event => { event.preventDefault(); go(true); });
  field.addEventListener("input", () => go(false));

  const legend = document.getElementById("legend");
  const narrow = window.matchMedia("(max-width: 640px)").matches;
  if (narrow) { legend.open = document.getElementById("sources").open = false; }
  legend.addEventListener("toggle", () => { if (narrow && legend.open) { map.closePopup(); } });
  const beside = narrow ? 8 : legend.offsetWidth + 18; // the legend hides no ground when the page opens
  map.fitBounds(everything.isValid() ? everything : [[49.9, 2.2], [50.7, 3.8]], {
    paddingTopLeft: [8, 8], paddingBottomRight: [beside, 8]
  });
  thin();
  map.on("zoomend", thin);
  draw();
  // the library says it in English only
  map.on("popupopen", event => {
    const close = event.popup.getElement().querySelector(".leaflet-popup-close-button");
    if (close) { close.setAttribute("aria-label", data.texts.close); close.title = data.texts.close; }
  });
  window.tvbMap = map;
}());
