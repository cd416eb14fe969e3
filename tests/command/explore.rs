//! `quorate explore --at` over HTTP: the states along the printed link are the trace's states, and
//! a lasso opens where its cycle begins. In a browser: all that the diagram says can be read.

use quorate::catalogue;
use quorate::trace::TraceFile;
use serde_json::Value;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};

const QUORATE: &str = env!("CARGO_BIN_EXE_quorate");

/// An instance with an expected violation.
const PROTOCOL: &str = "primary-backup";
const INSTANCE: &str = "asynchronous";

/// A property that only liveness decides.
const ANSWERED: &str = "answered";

struct Explorer {
    process: Child,
    port: u16,
    printed: Vec<String>,
}

impl Drop for Explorer {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Started in `dir`, with port 0: on a free one, which it prints.
fn explorer(dir: &Path, args: &[&str]) -> Explorer {
    let mut process = Command::new(QUORATE)
        .current_dir(dir)
        .arg("explore")
        .args(args)
        .args(["--port", "0"])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let out = BufReader::new(process.stdout.take().unwrap());
    let lines = if args.contains(&"--at") { 3 } else { 2 };
    let printed: Vec<_> = out.lines().take(lines).map(Result::unwrap).collect();
    let open = printed[1].strip_prefix("open http://127.0.0.1:").expect(&printed[1]);
    let port = open.split('/').next().unwrap().parse().unwrap();
    assert_ne!(port, 0);
    Explorer { process, port, printed }
}

impl Explorer {
    /// It has said "open", so it answers.
    fn text(&self, path: &str) -> String {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        write!(stream, "GET {path} HTTP/1.0\r\nHost: localhost\r\n\r\n").unwrap();
        let mut response = Vec::new();
        stream.read_to_end(&mut response).unwrap();
        let response = String::from_utf8(response).unwrap();
        let (head, body) = response.split_once("\r\n\r\n").unwrap();
        assert!(head.contains("200"), "GET {path}: {head}");
        body.to_owned()
    }

    fn get(&self, path: &str) -> Value {
        serde_json::from_str(&self.text(path)).unwrap()
    }
}

/// Checks an instance, and writes the counterexample to one of its properties to `path`.
fn counterexample(path: &Path, protocol: &str, of: &[&str], property: &str) -> TraceFile {
    let checked = Command::new(QUORATE)
        .args(["check", protocol, "--property", property])
        .args(of)
        .arg("--counterexample")
        .arg(path)
        .output()
        .unwrap();
    assert!(checked.status.success(), "{}", String::from_utf8_lossy(&checked.stdout));
    TraceFile::read(path).unwrap()
}

/// Checks an instance, opens the counterexample to one of its properties in the Explorer, and
/// goes along all its steps there; the trace file, and what the link shows of its steps.
fn explored(protocol: &str, instance: &str, property: &str) -> (TraceFile, String) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("trace.json");
    let file = counterexample(&path, protocol, &["--instance", instance], property);
    let known = catalogue::protocol(protocol).unwrap();
    let told = known.case(instance).unwrap().narrate(&file.trace).unwrap();
    assert!(told.choices.len() > 3, "too short to show anything");

    let explorer = explorer(dir.path(), &[protocol, "--at", path.to_str().unwrap()]);
    let link = explorer.printed.last().unwrap().clone();
    let shown = told.explorer_path(file.trace.cycle);
    assert!(link.ends_with(&format!("#/steps{shown}")), "{link}");
    assert!(link.contains(&format!("to {property}:")), "{link}");

    let first = explorer.get("/.states");
    assert_eq!(first[0]["state"].as_str().unwrap(), told.states[0]);
    let mut at = String::from("/.states/0");
    for (choice, state) in told.choices.iter().zip(&told.states[1..]) {
        let steps = explorer.get(&at);
        let taken = steps.as_array().unwrap().iter().find(|step| step["actionIndex"] == *choice);
        let taken = taken.unwrap_or_else(|| panic!("{at} has no step {choice}"));
        assert_eq!(taken["state"].as_str().unwrap(), state, "after {at}/{choice}");
        assert!(taken["svg"].as_str().unwrap().starts_with("<svg"));
        at = format!("{at}/{choice}");
    }
    (file, shown)
}

#[test]
fn the_states_along_the_link_are_the_traces_states() {
    let (file, shown) = explored(PROTOCOL, INSTANCE, "linearizable");
    assert_eq!(file.trace.cycle, None);
    assert_eq!(shown.matches('/').count(), file.trace.actions.len() + 1);
}

#[test]
fn a_lasso_opens_where_its_cycle_begins_with_all_of_it_listed() {
    let (file, shown) = explored("paxos", "majority-down", ANSWERED);
    let stem = file.trace.cycle.expect("a lasso");
    let steps = file.trace.actions.len();
    assert!((1..steps).contains(&stem), "a stem and a cycle: {:?}", file.trace);
    assert_eq!(shown.matches('/').count(), steps + 1);
    assert!(shown.ends_with(&format!("?offset={}", steps - stem)), "{shown}");
}

#[test]
fn the_page_lists_the_leads_to_property_and_the_diagram_names_it() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("lasso.json");
    let file = counterexample(&path, "paxos", &["--instance", "majority-down"], ANSWERED);
    let explorer = explorer(dir.path(), &["paxos", "--at", path.to_str().unwrap()]);
    let status = explorer.get("/.status");
    let names: Vec<_> = status["properties"].as_array().unwrap().iter().map(|p| &p[1]).collect();
    let lasso = format!("lasso of leads-to {ANSWERED}");
    assert!(names.iter().any(|name| **name == lasso), "{names:?}");
    let prefix = "prefix: replicas have applied prefixes of one log";
    assert!(names.iter().any(|name| **name == prefix), "{names:?}");
    let svg = explorer.get("/.states")[0]["svg"].as_str().unwrap().to_owned();
    let steps = (file.trace.cycle.unwrap() + 1, file.trace.actions.len());
    let caption =
        format!("leads-to {ANSWERED}: steps {} to {}, repeated for ever", steps.0, steps.1);
    assert!(svg.contains(&caption), "{svg}");
}

#[test]
fn a_mutant_and_its_counterexample_are_explored() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("killed.json");
    let protocol = catalogue::protocol("paxos").unwrap();
    let killer = protocol.mutant("no-dedupe").unwrap().killed_by();
    counterexample(&path, "paxos", &["--mutant", "no-dedupe"], killer);
    let mutant = explorer(dir.path(), &["paxos", "--mutant", "no-dedupe"]);
    assert!(mutant.printed[0].contains("no-dedupe"), "{:?}", mutant.printed);
    assert_eq!(mutant.get("/.states").as_array().unwrap().len(), 1);
    let opened = explorer(dir.path(), &["paxos", "--at", path.to_str().unwrap()]);
    assert!(opened.printed[0].contains("no-dedupe"), "{:?}", opened.printed);
}

/// The browser that is there, if any.
fn browser() -> Option<&'static str> {
    ["chromium", "chromium-browser", "google-chrome"].into_iter().find(|name| {
        let found = Command::new(name).arg("--version").stderr(Stdio::null()).output();
        found.is_ok_and(|output| output.status.success())
    })
}

/// Each text of the diagram has a contrast of at least 4.5 to 1 and lies within the image, as the
/// browser lays it out and colours it; so does each arrow and mark.
#[test]
fn the_diagram_can_be_read_in_a_browser() {
    let Some(browser) = browser() else {
        println!("skipped: there is no Chromium; `.ci/explorer` installs it");
        return;
    };
    for (protocol, instance, property) in [
        ("paxos", "majority-down", ANSWERED),
        (PROTOCOL, INSTANCE, "linearizable"),
        ("multi-primary", "lww-stale", "linearizable"),
    ] {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("trace.json");
        counterexample(&path, protocol, &["--instance", instance], property);
        // Stateright serves the page from ./ui where there is one: here its own, which measures.
        let page = explorer(dir.path(), &[protocol]).text("/");
        let measuring = format!("<script>{MEASURE}</script></body>");
        std::fs::create_dir(dir.path().join("ui")).unwrap();
        let page = page.replace("</body>", &measuring);
        std::fs::write(dir.path().join("ui/index.htm"), page).unwrap();

        let explorer = explorer(dir.path(), &[protocol, "--at", path.to_str().unwrap()]);
        let link = explorer.printed[2].split(": http").last().unwrap();
        let output = Command::new(browser)
            .args(["--headless", "--no-sandbox", "--disable-gpu", "--dump-dom"])
            .args([
                "--virtual-time-budget=20000",
                &format!("--user-data-dir={}", dir.path().join("browser").display()),
            ])
            .arg(format!("http{link}"))
            .stderr(Stdio::null())
            .output()
            .unwrap();
        let dom = String::from_utf8_lossy(&output.stdout);
        let measured = dom.split_once("<pre id=\"measured\">").unwrap_or_else(|| panic!("{dom}")).1;
        let measured = measured.split("</pre>").next().unwrap();
        let measured: Value = serde_json::from_str(measured).unwrap();
        let measured = measured.as_array().unwrap();
        assert!(measured.len() > 5, "{protocol} {instance}: {measured:?}");
        for shown in measured {
            assert!(shown["contrast"].as_f64().unwrap() >= 4.5, "{protocol} {instance}: {shown}");
            assert_eq!(shown["within"], true, "{protocol} {instance}: {shown}");
        }
    }
}

/// Measures, for each text, arrow and mark of the diagram, its contrast to the background, and
/// whether the image shows all of it. Run once the diagram is there.
const MEASURE: &str = r"
const timer = setInterval(() => {
  const svg = document.querySelector('.main-flex-right svg');
  if (!svg) return;
  clearInterval(timer);
  const channels = (color) => color.match(/[\d.]+/g).slice(0, 3).map(Number);
  const luminance = (color) => {
    const [r, g, b] = channels(color).map((c) => c / 255)
      .map((c) => c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const contrast = (a, b) => {
    const [low, high] = [luminance(a), luminance(b)].sort((x, y) => x - y);
    return (high + 0.05) / (low + 0.05);
  };
  const back = svg.querySelector('rect');
  const behind = getComputedStyle(back).fill;
  const view = svg.getBoundingClientRect();
  const told = [...svg.querySelectorAll('text, circle, line[marker-end]')].map((shape) => {
    const style = getComputedStyle(shape);
    const color = shape.tagName === 'line' ? style.stroke : style.fill;
    const box = shape.getBoundingClientRect();
    return {
      tag: shape.tagName, color, contrast: contrast(color, behind),
      within: box.left >= view.left && box.right <= view.right
        && box.top >= view.top && box.bottom <= view.bottom,
    };
  });
  const pre = document.createElement('pre');
  pre.id = 'measured';
  pre.textContent = JSON.stringify(told);
  document.body.appendChild(pre);
}, 100);
";

#[test]
fn a_port_in_use_and_a_foreign_trace_are_refused() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let output =
        Command::new(QUORATE).args(["explore", PROTOCOL, "--port", &port]).output().unwrap();
    let text = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(text.contains("--port"), "{text}");

    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("no.json");
    std::fs::write(&path, "{}").unwrap();
    let output =
        Command::new(QUORATE).args(["explore", PROTOCOL, "--at"]).arg(&path).output().unwrap();
    let text = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(text.contains("is not a trace"), "{text}");
}

#[test]
fn a_cycle_that_is_none_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("lasso.json");
    let file = counterexample(&path, "paxos", &["--instance", "majority-down"], ANSWERED);
    let steps = file.trace.actions.len();
    for (cycle, told) in [(steps + 1, "the trace has only"), (0, "do not lead back")] {
        let mut wrong = file.clone();
        wrong.trace.cycle = Some(cycle);
        wrong.write(&path).unwrap();
        let output =
            Command::new(QUORATE).args(["explore", "paxos", "--at"]).arg(&path).output().unwrap();
        let text = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{text}");
        assert!(text.contains(told), "{text}");
        assert_eq!(output.stdout, b"", "nothing is said to be open");
    }
}
