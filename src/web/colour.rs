//! A tenant's colour, made fit for text on it, by day and by night.

/// The stylesheet for `rrggbb`; none if that is no colour.
pub fn stylesheet(digits: &str) -> Option<String> {
    if digits.len() != 6 || !digits.bytes().all(|b| b.is_ascii_hexdigit()) {
        return None;
    }
    let number = u32::from_str_radix(digits, 16).ok()?;
    let rgb = [(number >> 16) as u8, (number >> 8) as u8, number as u8];
    let text = if contrast(rgb, [255; 3]) >= contrast(rgb, [16, 21, 28]) {
        "#ffffff"
    } else {
        "#10151c"
    };
    Some(format!(
        ":root{{--tenant:#{digits};--tenant-text:{text}}}\n"
    ))
}

/// Colours that are told apart, with one another and from those of warnings.
const PROPOSALS: [&str; 8] = [
    "#3b6ea5", "#2f7d5b", "#8a4fa3", "#a35a1f", "#0f7f8c", "#a33d6b", "#5b6b1f", "#5a5fc0",
];

/// A colour to propose for a new tenant: another one each time, so that tenants differ without anybody's doing.
pub fn proposal() -> &'static str {
    let seconds = crate::clock::now().timestamp().unsigned_abs() as usize;
    PROPOSALS[seconds % PROPOSALS.len()]
}

/// WCAG's contrast ratio.
fn contrast(a: [u8; 3], b: [u8; 3]) -> f64 {
    let (a, b) = (luminance(a), luminance(b));
    (a.max(b) + 0.05) / (a.min(b) + 0.05)
}

fn luminance(rgb: [u8; 3]) -> f64 {
    let [r, g, b] = rgb.map(|part| {
        let part = f64::from(part) / 255.0;
        if part <= 0.040_45 {
            part / 12.92
        } else {
            ((part + 0.055) / 1.055).powf(2.4)
        }
    });
    0.2126 * r + 0.7152 * g + 0.0722 * b
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn text_on_any_colour_can_be_read(r: u8, g: u8, b: u8) {
            let best = contrast([r, g, b], [255; 3]).max(contrast([r, g, b], [16, 21, 28]));
            prop_assert!(best >= 4.0);
            let digits = format!("{r:02x}{g:02x}{b:02x}");
            prop_assert!(stylesheet(&digits).is_some());
        }
    }

    #[test]
    fn nothing_but_colours() {
        for bad in ["", "12345", "zzzzzz", "}body{", "1234567"] {
            assert_eq!(stylesheet(bad), None);
        }
    }
}
