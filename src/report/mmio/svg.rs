//! Windows of addresses as one self-contained SVG.

use std::fmt::Write as _;

use super::picture::PictureWindow;
use super::{MmioReport, Picture, exact};
use crate::range::AddrRange;
use crate::report::{Report, safe};

const WIDTH: u32 = 960;
const MARGIN: u32 = 16;
const BAR: u32 = 36;
const LINE: u32 = 18;
/// Fill colours of devices, told apart by colour-blind readers too (Okabe and Ito).
const COLOURS: [&str; 7] = [
    "#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#f0e442",
];

/// The guest's layout on every platform, as SVG.
pub fn svg(report: &Report<'_>, mmio: &MmioReport) -> String {
    let pictures: Vec<Picture> = match &mmio.guest {
        Some(study) => {
            let host = report.facts.host;
            vec![
                Picture::hyperv(host, study),
                Picture::tree("QEMU guest, OVMF", host, study, &study.ovmf),
                Picture::tree("QEMU guest, SeaBIOS", host, study, &study.seabios.layout),
            ]
        }
        None => Vec::new(),
    };
    draw(&pictures)
}

/// Pictures below one another.
pub(in crate::report) fn draw(pictures: &[Picture]) -> String {
    let mut body = String::new();
    let mut y = MARGIN;
    for picture in pictures {
        y += LINE;
        text(&mut body, MARGIN, y, "font-weight=\"bold\"", &picture.title);
        y += LINE / 2;
        for window in &picture.windows {
            y = draw_window(&mut body, window, y);
        }
        y += LINE;
    }
    format!(
        "<svg class=\"mmio\" xmlns=\"http://www.w3.org/2000/svg\" width=\"{WIDTH}\" height=\"{height}\" \
         viewBox=\"0 0 {WIDTH} {height}\" font-family=\"sans-serif\" font-size=\"13\">\n\
         <rect class=\"paper\" width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n{body}</svg>\n",
        height = y + MARGIN,
    )
}

fn draw_window(body: &mut String, window: &PictureWindow, mut y: u32) -> u32 {
    let drawn = window.drawn();
    y += LINE;
    let caption = format!(
        "{}: {:#x}-{:#x}, {}",
        window.name,
        window.range.start(),
        window.range.last(),
        exact(window.range.len())
    );
    text(body, MARGIN, y, "", &caption);
    y += LINE / 2;
    let _ = writeln!(
        body,
        "<rect class=\"frame\" x=\"{MARGIN}\" y=\"{y}\" width=\"{}\" height=\"{BAR}\" fill=\"#eeeeee\" \
         stroke=\"#444444\"/>",
        WIDTH - 2 * MARGIN
    );
    for block in &window.blocks {
        let (x, width) = place(drawn, block.range);
        let colour = COLOURS
            .get(block.device % COLOURS.len())
            .unwrap_or(&"#999999");
        let label = format!(
            "{}: {:#x}-{:#x}, {}",
            block.label,
            block.range.start(),
            block.range.last(),
            exact(block.range.len())
        );
        let _ = writeln!(
            body,
            "<rect x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{BAR}\" fill=\"{colour}\" \
             stroke=\"#ffffff\" stroke-width=\"0.5\"><title>{}</title></rect>",
            escape(&label)
        );
    }
    y += BAR;
    for block in &window.blocks {
        y += LINE;
        let colour = COLOURS
            .get(block.device % COLOURS.len())
            .unwrap_or(&"#999999");
        let _ = writeln!(
            body,
            "<rect x=\"{MARGIN}\" y=\"{}\" width=\"10\" height=\"10\" fill=\"{colour}\"/>",
            y - 10
        );
        let line = format!(
            "{}  {:#x}-{:#x}  {}",
            block.label,
            block.range.start(),
            block.range.last(),
            exact(block.range.len())
        );
        text(body, MARGIN + 16, y, "", &line);
    }
    y + LINE / 2
}

/// Column and width of a range within what is drawn, at least 2 wide.
fn place(drawn: AddrRange, range: AddrRange) -> (u32, u32) {
    let columns = u128::from(WIDTH - 2 * MARGIN);
    let scale = |offset: u64| -> u32 {
        let column = u128::from(offset) * columns / u128::from(drawn.len());
        u32::try_from(column.min(columns)).unwrap_or(0)
    };
    let from = scale(range.start().saturating_sub(drawn.start()));
    let to = scale(range.last().saturating_sub(drawn.start()).saturating_add(1));
    let from = from.min(WIDTH - 2 * MARGIN - 2);
    (MARGIN + from, to.saturating_sub(from).max(2))
}

fn text(body: &mut String, x: u32, y: u32, attributes: &str, text: &str) {
    let _ = writeln!(
        body,
        "<text x=\"{x}\" y=\"{y}\" fill=\"#222222\" {attributes}>{}</text>",
        escape(&safe(text))
    );
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}
