//! Just enough of the Chrome DevTools Protocol to look at a page.

use std::io::ErrorKind;
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tungstenite::protocol::WebSocketConfig;
use tungstenite::{Message, WebSocket};

const FLAGS: &[&str] = &[
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--remote-debugging-port=0",
];
const PATIENCE: Duration = Duration::from_secs(60);

/// A running browser with one page.
pub(crate) struct Browser {
    process: Child,
    folder: PathBuf,
    socket: WebSocket<TcpStream>,
    session: String,
    next: u64,
    /// What the page reported since the last navigation: method and parameters.
    events: Vec<(String, Value)>,
}

/// The browser's program, where one is installed.
pub(crate) fn program() -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path)
        .flat_map(|folder| ["chromium", "chromium-browser"].map(|name| folder.join(name)))
        .find(|file| file.is_file())
}

impl Browser {
    pub(crate) fn start(program: &Path, folder: &Path) -> Result<Self, String> {
        let profile = folder.join("profile");
        let process = Command::new(program)
            .args(FLAGS)
            .arg(format!("--user-data-dir={}", profile.display()))
            .arg("about:blank")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|error| format!("{}: {error}", program.display()))?;
        let (port, path) = address(&profile)?;
        let stream = TcpStream::connect(("127.0.0.1", port)).map_err(|error| error.to_string())?;
        stream
            .set_read_timeout(Some(PATIENCE))
            .map_err(|error| error.to_string())?;
        let url = format!("ws://127.0.0.1:{port}{path}");
        // Pictures of long pages are large.
        let config = WebSocketConfig::default()
            .max_message_size(None)
            .max_frame_size(None);
        let (socket, _) = tungstenite::client::client_with_config(url, stream, Some(config))
            .map_err(|error| error.to_string())?;
        let mut browser = Self {
            process,
            folder: folder.to_path_buf(),
            socket,
            session: String::new(),
            next: 0,
            events: Vec::new(),
        };
        let target = browser.call("Target.createTarget", &json!({"url": "about:blank"}))?;
        let attached = browser.call(
            "Target.attachToTarget",
            &json!({"targetId": target["targetId"], "flatten": true}),
        )?;
        browser.session = attached["sessionId"]
            .as_str()
            .unwrap_or_default()
            .to_owned();
        for domain in ["Page", "Runtime", "Log", "Network"] {
            browser.call(&format!("{domain}.enable"), &json!({}))?;
        }
        Ok(browser)
    }

    /// Opens a file and waits until it is loaded.
    pub(crate) fn open(&mut self, file: &Path) -> Result<(), String> {
        self.events.clear();
        let url = format!("file://{}", file.display());
        let answer = self.call("Page.navigate", &json!({ "url": url }))?;
        if let Some(error) = answer["errorText"].as_str() {
            return Err(format!("{url}: {error}"));
        }
        while !self
            .events
            .iter()
            .any(|(method, _)| method == "Page.loadEventFired")
        {
            self.receive()?;
        }
        Ok(())
    }

    /// Width of the window, and what media queries see.
    pub(crate) fn show_as(&mut self, width: u32, scheme: &str, media: &str) -> Result<(), String> {
        self.call(
            "Emulation.setDeviceMetricsOverride",
            &json!({"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": false}),
        )?;
        self.call(
            "Emulation.setEmulatedMedia",
            &json!({"media": media, "features": [{"name": "prefers-color-scheme", "value": scheme}]}),
        )?;
        Ok(())
    }

    /// Whether scripts of the page run.
    pub(crate) fn scripts(&mut self, run: bool) -> Result<(), String> {
        self.call(
            "Emulation.setScriptExecutionDisabled",
            &json!({"value": !run}),
        )?;
        Ok(())
    }

    /// The value of an expression within the page.
    pub(crate) fn ask(&mut self, expression: &str) -> Result<Value, String> {
        let answer = self.call(
            "Runtime.evaluate",
            &json!({"expression": expression, "returnByValue": true}),
        )?;
        match answer.get("exceptionDetails") {
            Some(exception) => Err(format!("{expression}: {exception}")),
            None => Ok(answer["result"]["value"].clone()),
        }
    }

    /// A picture of the page as far as pictures go, PNG in base64.
    pub(crate) fn screenshot(&mut self, width: u32) -> Result<String, String> {
        const TALLEST: u64 = 9000;
        let height = self.ask("document.documentElement.scrollHeight")?;
        let height = height.as_u64().unwrap_or(900).min(TALLEST);
        let clip = json!({"x": 0, "y": 0, "width": width, "height": height, "scale": 1});
        let answer = self.call(
            "Page.captureScreenshot",
            &json!({"captureBeyondViewport": true, "clip": clip}),
        )?;
        Ok(answer["data"].as_str().unwrap_or_default().to_owned())
    }

    /// Errors on the console, and requests for anything but this file.
    pub(crate) fn complaints(&self, file: &Path) -> Vec<String> {
        let own = format!("file://{}", file.display());
        self.events
            .iter()
            .filter_map(|(method, parameters)| match method.as_str() {
                "Runtime.exceptionThrown" | "Log.entryAdded" => {
                    Some(format!("{method}: {parameters}"))
                }
                "Runtime.consoleAPICalled" => Some(format!("{method}: {parameters}")),
                "Network.requestWillBeSent" => {
                    let url = parameters["request"]["url"].as_str().unwrap_or_default();
                    let harmless = url == own || url == "data:,";
                    (!harmless).then(|| format!("request for {url}"))
                }
                _ => None,
            })
            .collect()
    }

    fn call(&mut self, method: &str, parameters: &Value) -> Result<Value, String> {
        self.next += 1;
        let id = self.next;
        let mut message = json!({"id": id, "method": method, "params": parameters});
        if !self.session.is_empty() {
            message["sessionId"] = json!(self.session);
        }
        self.socket
            .send(Message::text(message.to_string()))
            .map_err(|error| error.to_string())?;
        loop {
            let answer = self.receive()?;
            if answer["id"] == json!(id) {
                return match answer.get("error") {
                    Some(error) => Err(format!("{method}: {error}")),
                    None => Ok(answer["result"].clone()),
                };
            }
        }
    }

    fn receive(&mut self) -> Result<Value, String> {
        let message = self.socket.read().map_err(|error| error.to_string())?;
        let text = message.to_text().map_err(|error| error.to_string())?;
        let value: Value = serde_json::from_str(text).unwrap_or_default();
        if let Some(method) = value["method"].as_str() {
            self.events
                .push((method.to_owned(), value["params"].clone()));
        }
        Ok(value)
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
        let _ = std::fs::remove_dir_all(self.folder.join("profile"));
    }
}

/// Where the browser listens: it writes that down once it does.
fn address(profile: &Path) -> Result<(u16, String), String> {
    let file = profile.join("DevToolsActivePort");
    let start = Instant::now();
    loop {
        match std::fs::read_to_string(&file) {
            Ok(text) => {
                let mut lines = text.lines();
                if let (Some(Ok(port)), Some(path)) = (lines.next().map(str::parse), lines.next()) {
                    return Ok((port, path.to_owned()));
                }
            }
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => return Err(error.to_string()),
        }
        if start.elapsed() > PATIENCE {
            return Err("the browser did not start".to_owned());
        }
        std::thread::sleep(Duration::from_millis(50));
    }
}
