//! The collector on the machine that runs the tests and on made-up trees: what it reads, what
//! it leaves alone, and that it leaves nothing half done.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::disallowed_methods,
    missing_docs,
    reason = "a test fails by panicking, reads its environment, and runs the binary"
)]

#[cfg(target_os = "linux")]
mod linux {
    use std::fs;
    use std::path::{Path, PathBuf};
    use std::process::{Command, Output, Stdio};
    use std::time::{Duration, Instant};

    use assignable::capture::{self, Capture};
    use libtest_mimic::{Arguments, Failed, Trial};

    const COLLECTOR: &str = env!("CARGO_BIN_EXE_assignable-collect");

    pub(crate) fn main() {
        let required = std::env::var("ASSIGNABLE_REQUIRE").unwrap_or_default();
        let required = required.split(',').any(|name| name == "strace");
        let strace = Command::new("strace").arg("-V").output().is_ok();
        assert!(
            strace || !required,
            "ASSIGNABLE_REQUIRE names strace, but it does not run"
        );
        let always: [(&str, fn()); 9] = [
            ("everything of a tree is collected", everything),
            ("a file without an answer costs one device", fifo),
            ("a sleeping device is left asleep", asleep),
            ("wake reads a sleeping device", woken),
            ("vital product data are read on request alone", product_data),
            ("an ordinary user is told what is missing", ordinary_user),
            ("a tree without devices writes nothing", nothing),
            ("a file that exists is not written through", links),
            ("a killed collector leaves no half file", killed),
        ];
        let mut trials: Vec<Trial> = always
            .into_iter()
            .map(|(name, test)| Trial::test(name, move || run(test)))
            .collect();
        let traced: [(&str, fn()); 2] = [
            ("nothing but the output is opened for writing", traced),
            ("a program that does write is caught", seeded),
        ];
        for (name, test) in traced {
            trials.push(Trial::test(name, move || run(test)).with_ignored_flag(!strace));
        }
        libtest_mimic::run(&Arguments::from_args(), trials).exit();
    }

    fn run(test: fn()) -> Result<(), Failed> {
        test();
        Ok(())
    }

    /// A folder of one test, empty at its start.
    fn folder(test: &str) -> PathBuf {
        let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR"))
            .join("collector")
            .join(test);
        let _ = fs::remove_dir_all(&path);
        fs::create_dir_all(&path).unwrap();
        path
    }

    fn write(root: &Path, file: &str, content: &[u8]) {
        let path = root.join(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }

    const PORT: &str = "sys/devices/pci0000:00/0000:00:02.0";
    const DEVICE: &str = "sys/devices/pci0000:00/0000:00:02.0/0000:01:00.0";

    /// A port with a device, as little as will do.
    fn tree(test: &str) -> PathBuf {
        let root = folder(test).join("root");
        let mut port = vec![0; 256];
        port[..4].copy_from_slice(&[0x86, 0x80, 1, 2]);
        port[0xe] = 1;
        let mut device = vec![0; 4096];
        device[..4].copy_from_slice(&[0x4d, 0x14, 0x20, 0xa8]);
        for (folder, config, id) in [(PORT, &port, "0x8086"), (DEVICE, &device, "0x144d")] {
            write(&root, &format!("{folder}/config"), config);
            write(&root, &format!("{folder}/vendor"), id.as_bytes());
            write(&root, &format!("{folder}/zzz_unknown"), b"left alone");
        }
        write(&root, &format!("{DEVICE}/msi_irqs/24"), b"msix\n");
        write(&root, &format!("{DEVICE}/msi_irqs/25"), b"msix\n");
        write(&root, &format!("{DEVICE}/msi_irqs/30"), b"msix\n");
        write(&root, "proc/version", b"Linux version 6.1.0-x (a@b) #1\n");
        write(&root, "proc/cmdline", b"quiet\n");
        write(
            &root,
            "boot/config-6.1.0-x",
            b"CONFIG_VFIO=m\nCONFIG_LOCALVERSION=\"\"\n",
        );
        let tables = "sys/firmware/acpi/tables";
        let mut table = vec![0; 64];
        table[..4].copy_from_slice(b"DMAR");
        write(&root, &format!("{tables}/DMAR"), &table);
        table[..4].copy_from_slice(b"MSDM");
        write(&root, &format!("{tables}/MSDM"), &table);
        write(
            &root,
            "sys/module/vfio_pci/parameters/disable_denylist",
            b"N\n",
        );
        root
    }

    fn collector(root: &Path, output: &Path, more: &[&str]) -> Output {
        Command::new(COLLECTOR)
            .arg("--root")
            .arg(root)
            .arg("-o")
            .arg(output)
            .args(more)
            .output()
            .unwrap()
    }

    fn collected(root: &Path, more: &[&str]) -> Capture {
        let output = root.with_file_name("out.zip");
        let run = collector(root, &output, more);
        let said = String::from_utf8_lossy(&run.stderr).into_owned();
        assert!(run.status.success(), "{said}");
        assert!(capture::verify(&output).unwrap().is_empty());
        capture::load(&output).unwrap()
    }

    fn failure<'c>(capture: &'c Capture, what: &str) -> Option<&'c str> {
        let failures = &capture.manifest.failures;
        let found = failures.iter().find(|failure| failure.what == what)?;
        Some(&found.why)
    }

    fn everything() {
        let root = tree("everything");
        let capture = collected(&root, &[]);
        assert_eq!(capture.functions.len(), 2);
        let device = &capture.functions[&"0000:01:00.0".parse().unwrap()];
        assert_eq!(device.config.bytes()[..4], [0x4d, 0x14, 0x20, 0xa8]);
        let attributes = &device.properties.attributes.as_ref().unwrap().value;
        assert_eq!(attributes["msi_irqs"], "24-25,30");
        assert_eq!(capture.host["kernel-config"], b"CONFIG_VFIO=m\n");
        let kernel: serde_json::Value =
            serde_json::from_slice(&capture.host["kernel.json"]).unwrap();
        assert_eq!(kernel["modules"]["vfio_pci"]["disable_denylist"], "N");
        let tables: Vec<_> = capture.tables.keys().collect();
        assert_eq!(tables, ["DMAR"], "MSDM holds a licence key");
        assert_eq!(capture.manifest.request["root"], "another tree");
        assert!(capture.manifest.time.is_some());
        // This is not the tree of the running kernel, so its log is none of ours.
        assert!(!capture.host.contains_key("log.txt"));
        assert!(failure(&capture, "kernel log").is_some());
    }

    fn product_data() {
        let root = tree("vpd");
        let vpd = b"\x82\x03\x00NIC\x78";
        write(&root, &format!("{DEVICE}/vpd"), vpd);
        let at = "0000:01:00.0".parse().unwrap();
        let capture = collected(&root, &[]);
        assert_eq!(capture.vpd.get(&at), None);
        assert_eq!(capture.manifest.request["vpd"], "no");
        let capture = collected(&root, &["--vpd"]);
        assert_eq!(capture.vpd[&at], vpd);
        assert_eq!(capture.manifest.request["vpd"], "yes");
        // A device that does not answer costs its data, and nothing else.
        let path = root.join(DEVICE).join("vpd");
        fs::remove_file(&path).unwrap();
        assert!(
            Command::new("mkfifo")
                .arg(&path)
                .status()
                .unwrap()
                .success()
        );
        let capture = collected(&root, &["--vpd", "--timeout", "0.3"]);
        assert_eq!(capture.vpd.get(&at), None);
        assert!(failure(&capture, &format!("{DEVICE}/vpd")).is_some());
        assert_eq!(capture.functions[&at].config.bytes().len(), 4096);
        assert_eq!(capture.functions.len(), 2);
        // A sleeping device is not woken for them.
        fs::remove_file(&path).unwrap();
        write(&root, &format!("{DEVICE}/vpd"), vpd);
        write(&root, &format!("{DEVICE}/power_state"), b"D3cold\n");
        let capture = collected(&root, &["--vpd"]);
        assert_eq!(capture.vpd.get(&at), None);
        let capture = collected(&root, &["--vpd", "--wake"]);
        assert_eq!(capture.vpd[&at], vpd);
    }

    /// A pipe without a writer: opening it waits for ever.
    fn fifo() {
        let root = tree("fifo");
        let config = root.join(DEVICE).join("config");
        let cmdline = root.join("proc/cmdline");
        for path in [&config, &cmdline] {
            fs::remove_file(path).unwrap();
            assert!(Command::new("mkfifo").arg(path).status().unwrap().success());
        }
        let start = Instant::now();
        let capture = collected(&root, &["--timeout", "0.3"]);
        assert!(start.elapsed() < Duration::from_secs(30), "it was given up");
        let device = &capture.functions[&"0000:01:00.0".parse().unwrap()];
        assert!(device.config.is_empty());
        let vendor = device.properties.vendor.as_ref().map(|id| id.value);
        assert_eq!(vendor, Some(0x144d), "what was read before is kept");
        let why = failure(&capture, &format!("{DEVICE}/config")).unwrap();
        assert!(why.contains("no answer in 0.3 s"), "{why}");
        assert!(failure(&capture, "proc/cmdline").is_some());
        let port = &capture.functions[&"0000:00:02.0".parse().unwrap()];
        assert_eq!(port.config.bytes().len(), 256, "the others are read");
    }

    fn asleep() {
        let root = tree("asleep");
        write(
            &root,
            &format!("{DEVICE}/power/runtime_status"),
            b"suspended\n",
        );
        write(
            &root,
            &format!("{DEVICE}/current_link_speed"),
            b"8.0 GT/s PCIe\n",
        );
        let capture = collected(&root, &[]);
        let device = &capture.functions[&"0000:01:00.0".parse().unwrap()];
        assert!(device.config.is_empty());
        let attributes = &device.properties.attributes.as_ref().unwrap().value;
        assert!(!attributes.contains_key("current_link_speed"));
        let why = failure(&capture, &format!("{DEVICE}/config")).unwrap();
        assert!(why.contains("--wake"), "{why}");
        let port = &capture.functions[&"0000:00:02.0".parse().unwrap()];
        assert!(!port.config.is_empty());
        // A device without power needs no driver to be asleep.
        write(
            &root,
            &format!("{DEVICE}/power/runtime_status"),
            b"unsupported\n",
        );
        write(&root, &format!("{DEVICE}/power_state"), b"D3cold\n");
        let capture = collected(&root, &[]);
        let device = &capture.functions[&"0000:01:00.0".parse().unwrap()];
        assert!(device.config.is_empty());
    }

    fn woken() {
        let root = tree("woken");
        write(
            &root,
            &format!("{DEVICE}/power/runtime_status"),
            b"suspended\n",
        );
        let capture = collected(&root, &["--wake"]);
        let device = &capture.functions[&"0000:01:00.0".parse().unwrap()];
        assert_eq!(device.config.bytes().len(), 4096);
        assert_eq!(capture.manifest.request["wake"], "yes");
    }

    /// This very machine, as somebody who may not read everything.
    fn ordinary_user() {
        use std::os::unix::fs::PermissionsExt;
        use std::os::unix::process::CommandExt;
        let folder = std::env::temp_dir().join(format!("assignable-user-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        fs::set_permissions(&folder, fs::Permissions::from_mode(0o777)).unwrap();
        // The build folder may be out of this user's reach.
        let program = folder.join("collect");
        fs::copy(COLLECTOR, &program).unwrap();
        let output = folder.join("user.zip");
        let mut command = Command::new(&program);
        command.arg("-o").arg(&output);
        let root = fs::metadata("/proc/self").unwrap();
        if std::os::unix::fs::MetadataExt::uid(&root) == 0 {
            command.uid(65_534).gid(65_534);
        }
        let run = command.output().unwrap();
        let said = String::from_utf8_lossy(&run.stderr).into_owned();
        let capture = capture::load(&output);
        let _ = fs::remove_dir_all(&folder);
        if run.status.code() == Some(3) {
            // A container without PCI devices has nothing to collect.
            assert!(said.contains("nothing was written"), "{said}");
            return;
        }
        assert!(run.status.success(), "{said}");
        let capture = capture.unwrap();
        let longest = capture.functions.values().map(|f| f.config.extent()).max();
        assert!(longest.unwrap_or(0) <= 128, "no more than the header");
        assert!(said.contains("not collected:"), "{said}");
        assert!(said.contains("private:"), "{said}");
        if longest.unwrap_or(0) > 0 {
            let failures = &capture.manifest.failures;
            let told = failures.iter().any(|f| f.why.contains("only to root"));
            assert!(told, "{failures:?}");
            let known = capture.functions.values().filter_map(|f| f.config.size());
            assert!(known.count() > 0, "the kernel says how large each space is");
        }
    }

    fn nothing() {
        let root = folder("nothing").join("root");
        write(&root, "proc/version", b"Linux version 6.1.0-x (a@b) #1\n");
        let output = root.with_file_name("out.zip");
        let run = collector(&root, &output, &[]);
        assert_eq!(run.status.code(), Some(3));
        let names = fs::read_dir(output.parent().unwrap()).unwrap().count();
        assert_eq!(names, 1, "only the tree itself");
    }

    /// Somebody who foresees the temporary name cannot make root write elsewhere.
    fn links() {
        let root = tree("links");
        let folder = root.parent().unwrap();
        let victim = folder.join("victim");
        fs::write(&victim, "precious").unwrap();
        let output = folder.join("out.zip");
        std::os::unix::fs::symlink(&victim, &output).unwrap();
        assert!(collector(&root, &output, &[]).status.success());
        assert_eq!(fs::read(&victim).unwrap(), b"precious");
        assert!(fs::symlink_metadata(&output).unwrap().is_file());
    }

    /// Fifty moments, spread over the time that a whole run takes.
    fn killed() {
        let root = tree("killed");
        for at in 0..40_u8 {
            let function = format!(
                "sys/devices/pci0000:00/0000:00:{:02x}.{}",
                3 + at / 8,
                at % 8
            );
            write(&root, &format!("{function}/config"), &[at; 4096]);
        }
        let output = root.with_file_name("killed.zip");
        let start = Instant::now();
        assert!(collector(&root, &output, &[]).status.success());
        let whole = start.elapsed();
        let mut state = 0x9e37_79b9_7f4a_7c15_u64;
        let (mut half, mut done) = (0, 0);
        for moment in 0..50 {
            // Every other time an older capture stands under the final name.
            if moment % 2 == 0 {
                let _ = fs::remove_file(&output);
            }
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            let share = (state >> 33) as f64 / f64::from(u32::MAX >> 1);
            let mut child = Command::new(COLLECTOR)
                .arg("--root")
                .arg(&root)
                .arg("-o")
                .arg(&output)
                .stderr(Stdio::null())
                .spawn()
                .unwrap();
            std::thread::sleep(whole.mul_f64(share * 1.1));
            let _ = child.kill();
            let status = child.wait().unwrap();
            if status.success() {
                done += 1;
            } else {
                half += 1;
            }
            if output.exists() {
                let differences = capture::verify(&output).expect("a whole file");
                assert!(differences.is_empty(), "{differences:?}");
            } else {
                assert!(!status.success(), "a finished run leaves its file");
            }
        }
        println!("{half} runs were killed, {done} had finished");
        assert!(half > 0, "no run was killed in time");
    }

    /// What a traced program changes outside of `allowed`.
    fn changes(log: &str, allowed: &Path) -> Vec<String> {
        let allowed = allowed.to_str().unwrap();
        let mut found = Vec::new();
        for line in log.lines() {
            // `PID  call(arguments) = result`; a failed call has changed nothing.
            let line = line.trim_start_matches(|c: char| c.is_ascii_digit() || c == ' ');
            let Some((call, rest)) = line.split_once('(') else {
                continue;
            };
            if line.contains(" = -1 ") || line.starts_with("<...") {
                continue;
            }
            let reads = match call {
                "open" | "openat" | "openat2" | "creat" => {
                    let writes = ["O_WRONLY", "O_RDWR", "O_CREAT", "O_TRUNC", "O_APPEND"];
                    call != "creat" && !writes.iter().any(|flag| rest.contains(flag))
                }
                "access" | "faccessat" | "faccessat2" | "stat" | "lstat" | "newfstatat"
                | "statx" | "statfs" | "readlink" | "readlinkat" | "getcwd" | "chdir"
                | "getxattr" => true,
                "execve" => rest.contains("assignable-collect") || rest.contains("\"/bin/sh\""),
                // Whether a stream is a terminal.
                "ioctl" => rest.contains("TCGETS"),
                _ => false,
            };
            if !reads && !rest.contains(&format!("\"{allowed}")) {
                found.push(line.to_owned());
            }
        }
        found
    }

    fn trace(program: &[&str], log: &Path) -> String {
        let calls = "trace=%file,%network,ioctl,mount,umount2,reboot,init_module,finit_module,\
                     iopl,ioperm,process_vm_writev,ptrace,bpf,keyctl";
        let run = Command::new("strace")
            .args([
                "-f",
                "-qq",
                "-s",
                "4096",
                "-e",
                calls,
                "-e",
                "signal=none",
                "-o",
            ])
            .arg(log)
            .args(program)
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&run.stderr).into_owned();
        assert!(
            run.status.success() || run.status.code() == Some(3),
            "{said}"
        );
        fs::read_to_string(log).unwrap()
    }

    fn traced() {
        let folder = folder("traced");
        let out = folder.join("out");
        fs::create_dir(&out).unwrap();
        let target = out.join("host.zip");
        let log = trace(
            &[COLLECTOR, "-o", target.to_str().unwrap()],
            &folder.join("log"),
        );
        let opened = log.matches("openat(").count();
        assert!(opened > 50, "only {opened} files opened: is this a trace?");
        assert_eq!(changes(&log, &out), Vec::<String>::new());
        println!("{opened} opens, none for writing outside {}", out.display());
    }

    fn seeded() {
        let folder = folder("seeded");
        let out = folder.join("out");
        fs::create_dir(&out).unwrap();
        let script = format!(
            "echo x > {0}/one; echo y > {0}/out/two; mkdir {0}/three",
            folder.display()
        );
        let log = trace(&["/bin/sh", "-c", &script], &folder.join("log"));
        let found = changes(&log, &out);
        let has = |name: &str| found.iter().any(|line| line.contains(name));
        assert!(
            has("/one") && has("/three") && !has("/out/two"),
            "{found:#?}"
        );
    }
}

#[cfg(target_os = "linux")]
fn main() {
    linux::main();
}

#[cfg(not(target_os = "linux"))]
fn main() {}
