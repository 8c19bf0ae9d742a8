//! TZIDs as calendars write them, to zones of the tz database: exact names, names behind a vendor's
//! path, Windows names (CLDR `windowsZones`).

use chrono_tz::{TZ_VARIANTS, Tz};
use std::collections::HashMap;
use std::sync::LazyLock;

/// Windows zone names (without `Standard Time`) and their tz database zone for the world (`001`),
/// after the Unicode CLDR.
const WINDOWS: &str = "\
    Afghanistan=Asia/Kabul;Alaskan=America/Anchorage;Alberta=America/Edmonton;\
    Aleutian=America/Adak;Altai=Asia/Barnaul;Arab=Asia/Riyadh;Arabian=Asia/Dubai;\
    Arabic=Asia/Baghdad;Argentina=America/Buenos_Aires;Astrakhan=Europe/Astrakhan;\
    Atlantic=America/Halifax;AUS Central=Australia/Darwin;Aus Central W.=Australia/Eucla;\
    AUS Eastern=Australia/Sydney;Azerbaijan=Asia/Baku;Azores=Atlantic/Azores;\
    Bahia=America/Bahia;Bangladesh=Asia/Dhaka;Belarus=Europe/Minsk;\
    Bougainville=Pacific/Bougainville;British Columbia=America/Vancouver;\
    Canada Central=America/Regina;Cape Verde=Atlantic/Cape_Verde;Caucasus=Asia/Yerevan;\
    Cen. Australia=Australia/Adelaide;Central America=America/Guatemala;\
    Central Asia=Asia/Bishkek;Central Brazilian=America/Cuiaba;Central Europe=Europe/Budapest;\
    Central European=Europe/Warsaw;Central Pacific=Pacific/Guadalcanal;Central=America/Chicago;\
    Central (Mexico)=America/Mexico_City;Chatham Islands=Pacific/Chatham;China=Asia/Shanghai;\
    Cuba=America/Havana;Dateline=Etc/GMT+12;E. Africa=Africa/Nairobi;\
    E. Australia=Australia/Brisbane;E. Europe=Europe/Chisinau;\
    E. South America=America/Sao_Paulo;Easter Island=Pacific/Easter;Eastern=America/New_York;\
    Eastern (Mexico)=America/Cancun;Egypt=Africa/Cairo;Ekaterinburg=Asia/Yekaterinburg;\
    Fiji=Pacific/Fiji;FLE=Europe/Kiev;Georgian=Asia/Tbilisi;GMT=Europe/London;\
    Greenland=America/Godthab;Greenwich=Atlantic/Reykjavik;GTB=Europe/Bucharest;\
    Haiti=America/Port-au-Prince;Hawaiian=Pacific/Honolulu;India=Asia/Calcutta;Iran=Asia/Tehran;\
    Israel=Asia/Jerusalem;Jordan=Asia/Amman;Kaliningrad=Europe/Kaliningrad;\
    Kamchatka=Asia/Kamchatka;Korea=Asia/Seoul;Libya=Africa/Tripoli;\
    Line Islands=Pacific/Kiritimati;Lord Howe=Australia/Lord_Howe;Magadan=Asia/Magadan;\
    Magallanes=America/Punta_Arenas;Manitoba=America/Winnipeg;Marquesas=Pacific/Marquesas;\
    Mauritius=Indian/Mauritius;Mid-Atlantic=Atlantic/South_Georgia;Middle East=Asia/Beirut;\
    Montevideo=America/Montevideo;Morocco=Africa/Casablanca;Mountain=America/Denver;\
    Mountain (Mexico)=America/Mazatlan;Myanmar=Asia/Rangoon;N. Central Asia=Asia/Novosibirsk;\
    Namibia=Africa/Windhoek;Nepal=Asia/Katmandu;New Zealand=Pacific/Auckland;\
    Newfoundland=America/St_Johns;Norfolk=Pacific/Norfolk;North Asia East=Asia/Irkutsk;\
    North Asia=Asia/Krasnoyarsk;North Korea=Asia/Pyongyang;Omsk=Asia/Omsk;\
    Pacific SA=America/Santiago;Pacific=America/Los_Angeles;Pacific (Mexico)=America/Tijuana;\
    Pakistan=Asia/Karachi;Paraguay=America/Asuncion;Qyzylorda=Asia/Qyzylorda;\
    Romance=Europe/Paris;Russia Time Zone 10=Asia/Srednekolymsk;\
    Russia Time Zone 11=Asia/Kamchatka;Russia Time Zone 3=Europe/Samara;Russian=Europe/Moscow;\
    SA Eastern=America/Cayenne;SA Pacific=America/Bogota;SA Western=America/La_Paz;\
    Saint Pierre=America/Miquelon;Sakhalin=Asia/Sakhalin;Samoa=Pacific/Apia;\
    Sao Tome=Africa/Sao_Tome;Saratov=Europe/Saratov;SE Asia=Asia/Bangkok;\
    Singapore=Asia/Singapore;South Africa=Africa/Johannesburg;South Sudan=Africa/Juba;\
    Sri Lanka=Asia/Colombo;Sudan=Africa/Khartoum;Syria=Asia/Damascus;Taipei=Asia/Taipei;\
    Tasmania=Australia/Hobart;Tocantins=America/Araguaina;Tokyo=Asia/Tokyo;Tomsk=Asia/Tomsk;\
    Tonga=Pacific/Tongatapu;Transbaikal=Asia/Chita;Turkey=Europe/Istanbul;\
    Turks And Caicos=America/Grand_Turk;Ulaanbaatar=Asia/Ulaanbaatar;\
    US Eastern=America/Indianapolis;US Mountain=America/Phoenix;UTC=Etc/UTC;UTC+12=Etc/GMT-12;\
    UTC+13=Etc/GMT-13;UTC-02=Etc/GMT+2;UTC-08=Etc/GMT+8;UTC-09=Etc/GMT+9;UTC-11=Etc/GMT+11;\
    Venezuela=America/Caracas;Vladivostok=Asia/Vladivostok;Volgograd=Europe/Volgograd;\
    W. Australia=Australia/Perth;W. Central Africa=Africa/Lagos;W. Europe=Europe/Berlin;\
    W. Mongolia=Asia/Hovd;West Asia=Asia/Tashkent;West Bank=Asia/Hebron;\
    West Pacific=Pacific/Port_Moresby;Yakutsk=Asia/Yakutsk;Yukon=America/Whitehorse;";

static BY_NAME: LazyLock<HashMap<String, Tz>> = LazyLock::new(|| {
    let windows = WINDOWS.split(';').filter_map(|entry| {
        let (name, zone) = entry.split_once('=')?;
        let name = name.to_ascii_lowercase();
        let whole = if name.starts_with("utc") { name } else { format!("{name} standard time") };
        Some((whole, zone.parse().ok()?))
    });
    let database = TZ_VARIANTS.iter().map(|tz| (tz.name().to_ascii_lowercase(), *tz));
    windows.chain(database).collect()
});

/// Longest id that is looked at, in bytes: those in use are far shorter, and strangers write them.
const LONGEST: usize = 256;

/// By the last part of a name, such as `berlin`: the first zone of the tz database that has it.
static BY_PLACE: LazyLock<HashMap<String, Tz>> = LazyLock::new(|| {
    let mut places = HashMap::new();
    for tz in TZ_VARIANTS {
        let place = tz.name().rsplit('/').next().unwrap_or_default().replace('_', " ");
        places.entry(place.to_ascii_lowercase()).or_insert(tz);
    }
    places
});

/// The tz database zone that a TZID names, or `None`. Understands `Europe/Berlin` in any case,
/// `W. Europe Standard Time`, and a name at the end of a path such as
/// `/freeassociation.sourceforge.net/Europe/Berlin` or `posix/Europe/Vaduz`.
pub fn named(tzid: &str) -> Option<Tz> {
    if tzid.len() > LONGEST {
        return None;
    }
    let name = tzid.trim().trim_matches('"').to_ascii_lowercase();
    if let Some(tz) = BY_NAME.get(&name) {
        return Some(*tz);
    }
    // Behind a path only names with a region count: a bare `EST` there is anybody's.
    let slashes: Vec<usize> = name.match_indices('/').map(|(at, _)| at + 1).collect();
    let region = slashes.len().saturating_sub(1);
    slashes.iter().take(region).find_map(|at| BY_NAME.get(name.get(*at..)?).copied())
}

/// The zone of the first place that a display name of Windows lists, such as
/// `(UTC+01:00) Amsterdam, Berlin, Bern`. Less certain than a VTIMEZONE of that name.
pub fn described(tzid: &str) -> Option<Tz> {
    if tzid.len() > LONGEST {
        return None;
    }
    let name = tzid.trim().trim_matches('"');
    let (offset, places) = name.strip_prefix('(')?.split_once(')')?;
    if !offset.starts_with("UTC") && !offset.starts_with("GMT") {
        return None;
    }
    places.split(',').find_map(|place| {
        let place = place.trim().trim_end_matches('\\');
        BY_PLACE.get(&place.to_ascii_lowercase()).copied()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_in_use_are_understood() {
        let cases = [
            ("Europe/Berlin", Some(Tz::Europe__Berlin)),
            ("europe/berlin", Some(Tz::Europe__Berlin)),
            ("W. Europe Standard Time", Some(Tz::Europe__Berlin)),
            ("\"Eastern Standard Time\"", Some(Tz::America__New_York)),
            ("/freeassociation.sourceforge.net/Europe/Berlin", Some(Tz::Europe__Berlin)),
            ("/softwarestudio.org/Olson_20011030_5/Pacific/Auckland", Some(Tz::Pacific__Auckland)),
            ("/x/y/America/Argentina/Ushuaia", Some(Tz::America__Argentina__Ushuaia)),
            ("posix/Europe/Vaduz", Some(Tz::Europe__Vaduz)),
            ("US/Pacific", Some(Tz::US__Pacific)),
            ("UTC", Some(Tz::UTC)),
            ("Customized Time Zone 1", None),
            ("/vendor/EST", None),
            ("", None),
        ];
        for (tzid, expected) in cases {
            assert_eq!(named(tzid), expected, "{tzid}");
        }
    }

    #[test]
    fn ids_of_any_length_are_read_in_no_time() {
        let (slashes, places) = ("x/".repeat(500_000), "Nowhere,".repeat(200_000));
        assert_eq!(named(&format!("{slashes}Europe/Berlin")), None);
        assert_eq!(described(&format!("(UTC+01:00) {places}Berlin")), None);
    }

    #[test]
    fn display_names_of_windows_are_understood() {
        let cases = [
            ("(UTC+01:00) Amsterdam, Berlin, Bern", Some(Tz::Europe__Amsterdam)),
            ("\"(UTC+07:00) Bangkok\\, Hanoi\"", Some(Tz::Asia__Bangkok)),
            ("(GMT+03:00) Nowhere, Nairobi", Some(Tz::Africa__Nairobi)),
            ("(UTC+01:00)", None),
            ("(home) Berlin", None),
            ("Berlin", None),
        ];
        for (tzid, expected) in cases {
            assert_eq!(described(tzid), expected, "{tzid}");
        }
    }

    #[test]
    fn every_windows_name_has_a_zone() {
        for entry in WINDOWS.split(';').filter(|e| !e.is_empty()) {
            let (name, zone) = entry.split_once('=').unwrap();
            assert!(zone.parse::<Tz>().is_ok(), "{name}: {zone}");
        }
    }
}
