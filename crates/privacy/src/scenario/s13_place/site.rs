//! Where an access was made from: a building, a point on the globe, or somewhere outside.
//!
//! `BUILDING/UNIT` is a place on site; `geo:lat,lon` is RFC 5870; what the location or the application calls remote is no place on site. Memory: one entry for each distinct
//! text of a location and application.

use rustc_hash::FxHashMap;

use crate::form::{Access, fold};
use crate::names::NONE;
use crate::settings::Settings;
use crate::world::World;

/// A place.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Site {
    /// Nothing is known of it.
    Unknown,
    /// A building, by its number.
    Building(u32),
    /// A point: degrees north and east, and how far it may be off, in kilometres.
    Globe { latitude: f64, longitude: f64, off_km: f64 },
}

/// Texts as places, each read once.
#[derive(Debug, Default)]
pub(super) struct Sites {
    locations: FxHashMap<u32, Site>,
    buildings: FxHashMap<String, u32>,
    remote: FxHashMap<u32, bool>,
}

const REMOTE_WORDS: [&str; 5] = ["remote", "vpn", "home office", "telework", "external"];

impl Sites {
    pub(super) fn of(&mut self, world: &World, access: &Access) -> Site {
        if access.location == NONE {
            return Site::Unknown;
        }
        let site = match self.locations.get(&access.location) {
            Some(site) => *site,
            None => {
                let site = self.read(world.texts.text(access.location));
                self.locations.insert(access.location, site);
                site
            }
        };
        let is_outside = matches!(site, Site::Building(_)) && self.is_remote(world, access.application);
        if is_outside { Site::Unknown } else { site }
    }

    /// Whether an access came from outside the house: from a point on the globe, or what location or application call remote.
    pub(super) fn is_away(&mut self, world: &World, access: &Access) -> bool {
        matches!(self.of(world, access), Site::Globe { .. })
            || self.is_remote(world, access.application)
            || self.is_remote(world, access.location)
    }

    fn read(&mut self, text: &str) -> Site {
        if let Some(point) =
            text.get(..4).filter(|scheme| scheme.eq_ignore_ascii_case("geo:")).and_then(|_| text.get(4..))
        {
            return globe(point).unwrap_or(Site::Unknown);
        }
        if has_remote_word(text) {
            return Site::Unknown;
        }
        let Some((building, _)) = text.split_once('/') else { return Site::Unknown };
        let next = u32::try_from(self.buildings.len()).unwrap_or(NONE);
        Site::Building(*self.buildings.entry(fold(building)).or_insert(next))
    }

    fn is_remote(&mut self, world: &World, text: u32) -> bool {
        text != NONE && *self.remote.entry(text).or_insert_with(|| has_remote_word(world.texts.text(text)))
    }
}

fn has_remote_word(text: &str) -> bool {
    let words = REMOTE_WORDS.map(str::to_owned);
    Settings::holds(&fold(text), &words)
}

/// Reads `lat,lon[,altitude][;crs=wgs84][;u=metres]`.
fn globe(text: &str) -> Option<Site> {
    let mut parts = text.split(';');
    let mut numbers = parts.next()?.split(',').map(|number| number.trim().parse::<f64>().ok());
    let (latitude, longitude) = (numbers.next()??, numbers.next()??);
    let mut off_km = 0.0;
    for (name, value) in parts.filter_map(|parameter| parameter.split_once('=')) {
        match name.to_ascii_lowercase().as_str() {
            "crs" if !value.eq_ignore_ascii_case("wgs84") => return None,
            "u" => off_km = value.parse::<f64>().ok().filter(|metres| metres.is_finite() && *metres >= 0.0)? / 1_000.0,
            _ => {}
        }
    }
    let is_on_globe = (-90.0..=90.0).contains(&latitude) && (-180.0..=180.0).contains(&longitude);
    is_on_globe.then_some(Site::Globe { latitude, longitude, off_km })
}

/// Kilometres between two points along the surface (haversine formula, mean radius 6,371.0088 km).
pub(super) fn kilometres(one: (f64, f64), other: (f64, f64)) -> f64 {
    const RADIUS_KM: f64 = 6_371.008_8;
    let (north, east) = ((other.0 - one.0).to_radians(), (other.1 - one.1).to_radians());
    let (sine_north, sine_east) = (libm::sin(north / 2.0), libm::sin(east / 2.0));
    let cosines = libm::cos(one.0.to_radians()) * libm::cos(other.0.to_radians());
    let chord = sine_north * sine_north + cosines * sine_east * sine_east;
    2.0 * RADIUS_KM * libm::asin(libm::sqrt(chord.clamp(0.0, 1.0)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn points_are_read_as_rfc_5870_writes_them() {
        let point = |latitude, longitude, off_km| Some(Site::Globe { latitude, longitude, off_km });
        assert_eq!(globe("52.52,13.405"), point(52.52, 13.405, 0.0));
        assert_eq!(globe("48.2010,16.3695,183;crs=wgs84;u=40000"), point(48.2010, 16.3695, 40.0));
        for text in ["", "52.52", "91,0", "0,181", "x,y", "1,2;crs=moon", "1,2;u=-3", "NaN,1"] {
            assert_eq!(globe(text), None, "{text}");
        }
    }

    #[test]
    fn berlin_to_munich_is_as_far_as_it_is() {
        let apart = kilometres((52.52, 13.405), (48.137, 11.575));
        assert!((apart - 504.0).abs() < 3.0, "{apart}");
    }
}
