"use strict";
// The packing table. Everything here is also a plain form: this only makes it quick.
(() => {
  const $ = (id) => document.getElementById(id);
  const board = $("board"), form = $("scan-form"), said = $("said");
  const sure = $("sure"), facts = document.body.dataset;
  const KEYS = {
    k: "short", n: "new", c: "close", u: "undo", s: "switch", m: "move", p: "print", r: "reopen", g: "next",
    t: "take-over", q: "mute", "+": "more", "-": "less", "?": "help",
  };
  const all = form.elements.all?.value ?? "";
  let waiting = Boolean(facts.waiting), next = 0, lastLine = null;

  // --- answers

  async function answered(answer) {
    if (answer.goto) return leave(answer.goto);
    if (answer.html) draw(answer);
    if (answer.refused) return complain(answer);
    lastLine = answer.line ?? lastLine;
    tell(answer.text, answer.tone);
    ScanBox.focus();
    if (!answer.closed?.length) return;
    const isPrinted = await print(answer.closed.flatMap((id) => papersOf(board.querySelector(`.package[data-package="${id}"]`), prints())));
    if (isPrinted && "opensNext" in facts) openNext();
  }

  function tell(text, tone) {
    said.className = `said ${tone}`;
    said.textContent = text;
    Sound.play(tone);
  }

  /** What was asked for is not to be had now: heard, and read where the sound is off. */
  const refuse = () => tell(facts.notNow, "wrong");

  function draw(answer) {
    const open = new Set([...board.querySelectorAll("details")].filter((d) => d.open).map((d) => d.id));
    const known = new Set([...board.querySelectorAll("details")].map((d) => d.id));
    const scrolled = [...board.querySelectorAll(".panes > section")].map((s) => s.scrollTop);
    board.innerHTML = answer.html;
    for (const details of board.querySelectorAll("details")) {
      if (known.has(details.id)) details.open = open.has(details.id);
    }
    board.querySelectorAll(".panes > section").forEach((s, i) => { s.scrollTop = scrolled[i] ?? 0; });
    form.elements.package.value = answer.package ?? "";
    waiting = answer.waiting;
    lookLater();
  }

  function complain(answer) {
    said.textContent = "";
    ScanBox.clear();
    const dropped = answer.dropped ? `\n${facts.dropped.replace("0", answer.dropped)}` : "";
    Alarm.show({ tone: answer.tone, text: answer.text + dropped }, () => {
      if (answer.signedOut) return here();
      ScanBox.clear();
      ScanBox.focus();
    });
  }

  /** This order again, with the package at hand; who is signed out comes by the sign-in page. */
  function here() {
    const chosen = form.elements.package.value;
    location.assign(location.pathname + (chosen ? `?package=${encodeURIComponent(chosen)}` : ""));
  }

  /** A gesture: what the packer did, with an id of its own. */
  function act(action, fields = {}, done = answered) {
    const sent = new FormData(form);
    for (const [name, value] of Object.entries({ ...fields, action, gesture: Sending.id() })) sent.set(name, value);
    Sending.send(sent, done);
  }

  // --- scans and commands

  const commands = {
    help: Help.open,
    mute: () => Sound.toggle(),
    // Never sends what is missing: a "go on" too many would. A scanned reason sends it.
    ok: () => tell(facts.nothingToConfirm, "info"),
    short: () => {
      if (!shortage()) return refuse();
      if (shortage().open) return nothingMissing();
      shortage().open = true;
      shortage().querySelector("[name=reason]").focus();
    },
    next: openNext,
    print: () => {
      const papers = papersOf(board.querySelector("[data-last-closed]"), prints() || "slip");
      papers.length ? print(papers) : refuse();
    },
    switch: () => use(board.querySelector("[data-switch]")),
    new: () => act("new"),
    undo: () => act("undo"),
    reopen: () => board.querySelector(".package.closed") ? act("reopen", { package: "" }) : follow($("before")),
    "take-over": () => act("take-over"),
    close: (isSure) => close(isSure),
    more: () => again("put"),
    less: () => again("take-out"),
    move: () => again("move", { to: board.querySelector("[data-switch]")?.dataset.package ?? "" }),
  };

  const shortage = () => $("missing");

  /** The question what is missing goes away, unanswered. */
  function nothingMissing() {
    if (!shortage()?.open) return;
    shortage().open = false;
    ScanBox.focus();
  }

  /** The reason scanned off the sheet, once it was said that something is missing. */
  function because(reason) {
    const choice = shortage()?.open && shortage().querySelector(`[name=reason][value="${reason}"]`);
    if (!choice) return refuse();
    choice.checked = true;
    choice.form.requestSubmit();
  }

  /** The line that was scanned last, once more, or less, or into another box. */
  function again(action, fields = {}) {
    if (!lastLine) return refuse();
    act(action, { line: lastLine, quantity: ScanBox.onceTimes(), ...fields });
  }

  function follow(link) {
    if (link) link.click();
    else refuse();
  }

  async function leave(address) {
    await Printing.over();
    location.assign(address);
  }

  function openNext() {
    // Hidden while units are still to be packed: a second box goes on with this order.
    const link = board.querySelector(".next:not([hidden]) [data-next-order]");
    if (link) leave(`${link.href}?after=${encodeURIComponent(facts.order)}`);
    else Sound.play("info");
  }

  /** Another open package becomes the one at hand. */
  function use(link) {
    if (!link) return refuse();
    form.elements.package.value = link.dataset.package;
    look(true);
  }

  /** What is printed when a package closes: as this packer likes it, or as the account has it. */
  const prints = () => facts.prints === "account" ? facts.accountPrints : facts.prints;

  /** Addresses of a closed package's papers, of the kinds that are named. */
  function papersOf(card, kinds) {
    return kinds.split(" ").flatMap((kind) => card?.querySelector(`[data-paper="${kind}"]`)?.href ?? []);
  }

  async function print(addresses) {
    const failed = await Printing.print(addresses);
    if (!failed) return false;
    // A missing paper is said, and the order stays to be read; a key or a scan goes on.
    if (failed.length) tell(facts.notPrinted, "info");
    ScanBox.focus();
    return !failed.length;
  }

  // --- closing asks once, unless it was scanned

  const closing = () => board.querySelector('form[data-name="close"]');

  function close(isSure) {
    const target = closing();
    if (!target || target.querySelector("button").disabled) return refuse();
    if (isSure) return target.requestSubmit();
    const current = board.querySelector("[data-current]").dataset;
    const number = target.elements.number.value.trim() || current.next;
    const worth = board.querySelector("[data-current] .worth");
    $("sure-text").textContent = [current.sure, `${current.invoice} ${number}`, worth?.textContent].filter(Boolean).join("\n");
    sure.hidden = false;
    $("sure-yes").focus();
  }

  function decide(yes) {
    sure.hidden = true;
    ScanBox.focus();
    if (yes) closing()?.requestSubmit();
  }

  /** True while the question has the keyboard. */
  function onQuestion(event) {
    if (sure.hidden) return false;
    if (event.key === "Enter" && document.activeElement !== $("sure-no")) {
      event.preventDefault();
      if (!event.repeat) decide(true);
    } else if (event.key === "Escape") {
      event.preventDefault();
      decide(false);
    } else if (event.key.length === 1 && event.key !== " ") {
      // A code that begins with the letter, typed slowly; or a scan, which is none of the question's.
      sure.hidden = true;
      ScanBox.goOnAfter("c");
    }
    return true;
  }

  // --- every other form on the board

  /** The form's fields with each file as its text: gestures are sent as plain fields. */
  async function fieldsOf(target) {
    const fields = new FormData(target);
    for (const [name, value] of [...fields]) {
      if (value instanceof File) fields.set(name, value.size ? await value.text() : "");
    }
    return fields;
  }

  board.addEventListener("submit", async (event) => {
    const target = event.target.closest("form[data-gesture]");
    if (!target) return;
    event.preventDefault();
    const withFile = [...target.querySelectorAll("input[type=file]")].some((input) => input.files.length);
    const fields = withFile ? await fieldsOf(target) : new FormData(target);
    if (!withFile) fields.delete("document");
    if (target.closest("#missing")) shortage().open = false;
    if ("once" in target.dataset) {
      // Pressed twice it is still the same gesture: it keeps the id it was drawn with.
      const button = target.querySelector("button");
      button.disabled = true;
      return Sending.send(fields, (answer) => { button.disabled = false; answered(answer); });
    }
    fields.set("gesture", Sending.id());
    if (all) fields.set("all", all);
    fields.set("package", fields.get("package") || form.elements.package.value);
    if ("counted" in target.dataset) fields.set("quantity", ScanBox.onceTimes());
    Sending.send(fields, answered);
  });

  board.addEventListener("click", (event) => {
    const link = event.target.closest("a[data-package], a[data-next-order]");
    if (!link || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    if ("nextOrder" in link.dataset) openNext();
    else use(link);
  });

  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && !Alarm.isOpen && sure.hidden && !Help.isOpen) nothingMissing();
  });

  // An invoice's XML may be dropped anywhere on the table.
  document.addEventListener("dragover", (event) => event.preventDefault());
  document.addEventListener("drop", (event) => {
    event.preventDefault();
    const target = closing();
    if (!target || !event.dataTransfer.files.length) return refuse();
    target.elements.document.files = event.dataTransfer.files;
    target.requestSubmit();
  });

  $("sure-yes").addEventListener("click", () => decide(true));
  $("sure-no").addEventListener("click", () => decide(false));
  $("help").addEventListener("change", async ({ target }) => {
    const value = target.type === "checkbox" ? Number(target.checked) : target.value;
    if (value === 0) delete facts[target.dataset.liked];
    else facts[target.dataset.liked] = value;
    const { keep, token } = $("mute").dataset;
    const body = new URLSearchParams({ [target.name]: value, csrfmiddlewaretoken: token });
    await fetch(keep, { method: "POST", body, headers: { "X-Requested-With": "fetch" } }).catch(() => Sound.play("wrong"));
  });

  // --- news from the marketplace: quickly while something is on its way, else now and then

  async function look(atOnce = false) {
    const editing = board.contains(document.activeElement) && document.activeElement.matches("input");
    const typed = [...board.querySelectorAll("input")].some((i) => i.value !== i.defaultValue);
    const isFree = !shortage()?.open && !document.hidden && !Sending.busy && !editing && !typed && !Alarm.isOpen && sure.hidden;
    if (atOnce || isFree) {
      try {
        const chosen = encodeURIComponent(form.elements.package.value);
        const answer = await fetch(`${facts.state}?package=${chosen}&all=${all}`, { headers: { "X-Requested-With": "fetch" } });
        if (answer.redirected || answer.status === 403) return here();
        if (answer.ok && !Sending.busy) draw(await answer.json());
      } catch {
        // The next round will tell.
      }
    }
    lookLater();
  }

  function lookLater() {
    clearTimeout(next);
    next = setTimeout(look, waiting ? 2000 : 15000);
  }

  // --- the beginning: what a crash left unsent, then this order becomes this packer's

  function begin() {
    // This tab knows what it did; a tab that was never here comes back from somewhere.
    const mark = `packing-here-${facts.order}`;
    const isNew = !sessionStorage.getItem(mark);
    sessionStorage.setItem(mark, "1");
    Sending.recover((answer, isHere) => {
      if (isHere) answered(answer);
      else if (answer.refused) complain(answer);
    }, (count) => complain({ tone: "wrong", text: facts.stale.replace("0", count) }));
    act("open", {}, (answer) => {
      if (answer.html) draw(answer);
      if (answer.refused) complain(answer);
      else if (isNew && answer.text && !said.textContent) tell(answer.text, "info");
    });
  }

  ScanBox.attach({
    keys: KEYS,
    scanned: (code, times) => { nothingMissing(); act("scan", { code, times }); },
    command: (name, isSure) => name.startsWith("why-") ? because(name.slice(4)) : (commands[name] ?? refuse)(isSure),
    isItem: (code) => Boolean(board.querySelector(`[data-ref="${CSS.escape(code)}" i]`)),
    busy: (event) => Alarm.isOpen || (event ? onQuestion(event) || Help.holds(event) : !sure.hidden || Help.isOpen),
  });
  // An error of a plain form, or one that came before the script was ready, waits as well.
  if (said.classList.contains("error")) complain({ tone: "wrong", text: said.textContent.trim() });
  lookLater();
  if ("packable" in facts) begin();
  facts.ready = "1";
})();
