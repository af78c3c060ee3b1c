//! Where everything is drawn.

/// The longest side of a photograph that is alone.
const LONGEST_PX: f64 = 1600.0;
/// Of one among several, which are drawn side by side and looked at together.
const LONGEST_OF_SEVERAL_PX: f64 = 900.0;
/// Photographs of which a line is one pixel wide, alone and among several.
const UNIT_PX: (f64, f64) = (900.0, 620.0);
/// Smaller photographs are enlarged to this, so that outlines and prompts can be told apart.
const SHORTEST_LONGEST_PX: f64 = 640.0;
/// Panels of slivers are at least this wide, for the caption.
const NARROWEST_PANEL_PX: u32 = 400;
/// More candidates than this start a new row.
const MOST_IN_A_ROW: usize = 3;

/// All sizes of an overlay, in its pixels.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Layout {
    /// Width and height of the overlay.
    pub(super) size: (u32, u32),
    /// Width and height of the photograph in each panel.
    pub(super) photograph: (u32, u32),
    pub(super) panels: Vec<Panel>,
}

/// One photograph and the caption below it.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Panel {
    /// Top left of the photograph.
    pub(super) photograph: [u32; 2],
    /// Pixels of the overlay in a pixel of the image, in x and y.
    pub(super) scale: [f32; 2],
    /// Width and height of the photograph.
    pub(super) photograph_size: [f32; 2],
    /// Top left of the caption.
    pub(super) caption: [u32; 2],
    pub(super) caption_height: f32,
    /// What the width of lines and the size of points are measured in.
    pub(super) unit: f32,
}

impl Layout {
    pub(super) fn new(image: (u32, u32), candidates: usize) -> Self {
        let (width, height) = (f64::from(image.0.max(1)), f64::from(image.1.max(1)));
        let (largest, unit_px) = if candidates <= 1 {
            (LONGEST_PX, UNIT_PX.0)
        } else {
            (LONGEST_OF_SEVERAL_PX, UNIT_PX.1)
        };
        let longest = width.max(height);
        let scale = longest.clamp(SHORTEST_LONGEST_PX, largest) / longest;
        let side = |length: f64| ((length * scale).round() as u32).max(1);
        let photograph = (side(width), side(height));

        let cell_width = photograph.0.max(NARROWEST_PANEL_PX);
        let unit = (f64::from(photograph.0.max(photograph.1)) / unit_px).clamp(0.9, 2.0) as f32;
        // As wide as the text needs, or smaller where it would not fit.
        let caption_height = (unit * 58.0).min(cell_width as f32 * 0.085).round() as u32;
        let gap = (unit * 20.0).round() as u32;

        let panels = candidates.max(1);
        let columns = if panels <= MOST_IN_A_ROW {
            panels
        } else {
            (panels as f64).sqrt().ceil() as usize
        };
        let rows = panels.div_ceil(columns);
        let has_caption = candidates > 0;
        let cell_height = photograph.1 + if has_caption { caption_height } else { 0 };
        let below = if has_caption { gap / 2 } else { gap };
        let size = (
            gap + columns as u32 * (cell_width + gap),
            gap + rows as u32 * (cell_height + below),
        );
        let panels = (0..panels)
            .map(|index| {
                let (column, row) = ((index % columns) as u32, (index / columns) as u32);
                let left = gap + column * (cell_width + gap);
                let top = gap + row * (cell_height + below);
                Panel {
                    photograph: [left + (cell_width - photograph.0) / 2, top],
                    scale: [
                        (f64::from(photograph.0) / width) as f32,
                        (f64::from(photograph.1) / height) as f32,
                    ],
                    photograph_size: [photograph.0 as f32, photograph.1 as f32],
                    caption: [left, top + photograph.1],
                    caption_height: caption_height as f32,
                    unit,
                }
            })
            .collect();
        Self {
            size,
            photograph,
            panels,
        }
    }
}
