//! What the events of a type are like beside their titles: how long, with how many, in a series or
//! not, at what hour. It is evidence for what belongs to the type, never more than that.
//!
//! Each clue says how much likelier it is under the type than among all of the person's events, as
//! a bounded log ratio: one odd event never outweighs the words, and an hour at ten says nothing of
//! a person whose days are hours at ten. A clue that is missing says nothing.

use super::category::Context;

/// What is known of one type's events.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Shape {
    /// Lengths, as log2 of minutes.
    pub length: Tally,
    /// People, as log2 of their number; only where there is a guest list.
    pub people: Tally,
    /// Events that are alone, and events of a series.
    pub series: [f32; 2],
    /// Events by local hour of their start.
    pub hours: [f32; 24],
}

/// Sums over the values of one clue.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Tally {
    /// How many.
    pub count: f32,
    /// Their sum.
    pub sum: f32,
    /// The sum of their squares.
    pub squares: f32,
}

/// A bell: where values of a clue lie, and how widely (its variance).
struct Bell {
    middle: f32,
    variance: f32,
}

/// Lengths of people's events at large: around 48 minutes, half of them within 30 to 77.
const LENGTHS: Bell = Bell { middle: 5.6, variance: 1.0 };
/// Guest lists at large: around 3.5 people.
const PEOPLE: Bell = Bell { middle: 1.8, variance: 1.2 };
/// What the lengths of one type vary before any was seen, and how many events that weighs.
const LENGTH_PRIOR: (f32, f32) = (0.25, 2.0);
/// Guest lists of one type vary so.
const PEOPLE_VARIANCE: f32 = 0.45;
/// No variance falls below this: minutes are rounded by people.
const LEAST_VARIANCE: f32 = 0.02;
/// Unseen events that the share of series starts from, for each answer.
const SERIES_PRIOR: f32 = 0.6;
/// Width of an hour's neighbourhood in hours.
const HOUR_WIDTH: f32 = 1.5;
/// Events spread over the waking hours that the hours of a type start from.
const HOUR_PRIOR: f32 = 1.5;
/// Hours that events are spread over at large.
const WAKING: f32 = 12.0;
/// How many of the person's events those of people at large weigh as much as. Measured on made-up
/// people whose kinds of work all share length and hour: 5 keeps them as far apart as by title
/// (B-cubed .606, by title .594), events at large alone gave .550.
const AT_LARGE: f32 = 5.0;
/// However alike a person's events are in a clue, its variance among them stays above this.
const LEAST_AMONG_ALL: f32 = 0.1;
/// How much a clue counts: clues hang together, and their ratios are guesses.
const WEIGHT: f32 = 0.7;
/// The hour counts more: where people put a kind of work hangs least on the others.
const HOUR_WEIGHT: f32 = 1.0;
/// No clue says more than this for or against.
const MOST: f32 = 1.5;
/// All of them together say no more than this for a type: titles that have little in common stay
/// apart, however alike their hours.
const MOST_TOGETHER: f32 = 2.0;
/// What a clue says for a type at random, the best of a dozen: only more than that counts.
const BY_CHANCE: f32 = 0.14;
/// Beyond so many events all are halved: what was long ago fades.
const MEMORY: f32 = 256.0;
/// Bounds of the lengths, in minutes.
const MINUTES: std::ops::RangeInclusive<f32> = 5.0..=480.0;
/// More people make no difference.
const MOST_PEOPLE: u32 = 64;

/// The clues of one event; `None` where it is not known.
struct Clues {
    length: Option<f32>,
    people: Option<f32>,
    series: Option<bool>,
    hour: Option<u8>,
}

impl Clues {
    fn of(context: &Context) -> Self {
        let minutes = context.duration_min.filter(|m| m.is_finite() && *m > 0.0);
        // No guest list is not the same as nobody else.
        let people = context.attendees.filter(|n| *n > 0);
        Self {
            length: minutes.map(|m| m.clamp(*MINUTES.start(), *MINUTES.end()).log2()),
            people: people.map(|n| (n.min(MOST_PEOPLE) as f32).log2()),
            series: context.recurring,
            hour: context.local_hour.filter(|h| *h < 24),
        }
    }
}

/// How many clues an event brings, 0..=4.
pub fn clues(context: &Context) -> u8 {
    let Clues { length, people, series, hour } = Clues::of(context);
    let known = [length.is_some(), people.is_some(), series.is_some(), hour.is_some()];
    known.into_iter().map(u8::from).sum()
}

impl Shape {
    /// Takes an event of the type into account.
    pub fn observe(&mut self, context: &Context) {
        let clues = Clues::of(context);
        if let Some(length) = clues.length {
            self.length.add(length);
        }
        if let Some(people) = clues.people {
            self.people.add(people);
        }
        if let Some(series) = clues.series {
            self.series[usize::from(series)] += 1.0;
        }
        if let Some(seen) = clues.hour.and_then(|h| self.hours.get_mut(usize::from(h))) {
            *seen += 1.0;
        }
        if self.series.iter().sum::<f32>().max(self.length.count) > MEMORY {
            self.fade();
        }
    }

    /// Takes the events of another type in, too.
    pub fn absorb(&mut self, other: &Shape) {
        for (own, more) in [(&mut self.length, other.length), (&mut self.people, other.people)] {
            own.count += more.count;
            own.sum += more.sum;
            own.squares += more.squares;
        }
        let more = other.series.iter().chain(&other.hours);
        self.series.iter_mut().chain(&mut self.hours).zip(more).for_each(|(n, more)| *n += more);
    }

    /// An event as most of them are; what is not known stays so.
    pub fn typical(&self) -> Context {
        let most = self.hours.iter().copied().fold(0.0, f32::max);
        let hour = self.hours.iter().position(|n| *n > 0.0 && *n >= most);
        let [alone, series] = self.series;
        Context {
            duration_min: self.length.mean().map(f32::exp2),
            attendees: self.people.mean().map(|people| people.exp2().round() as u32),
            recurring: (alone + series > 0.0).then_some(series > alone),
            local_hour: hour.and_then(|hour| u8::try_from(hour).ok()),
            weekday: None,
        }
    }

    fn fade(&mut self) {
        for tally in [&mut self.length, &mut self.people] {
            tally.count /= 2.0;
            tally.sum /= 2.0;
            tally.squares /= 2.0;
        }
        self.series.iter_mut().chain(&mut self.hours).for_each(|n| *n /= 2.0);
    }

    /// What the events of several types are like together.
    pub fn of_all<'a>(shapes: impl IntoIterator<Item = &'a Shape>) -> Shape {
        let mut all = Shape::default();
        for shape in shapes {
            all.length.add_all(&shape.length);
            all.people.add_all(&shape.people);
            let counts = all.series.iter_mut().chain(&mut all.hours);
            counts.zip(shape.series.iter().chain(&shape.hours)).for_each(|(sum, n)| *sum += n);
        }
        all
    }

    /// How much the clues of an event speak for the type, `all` being what the person's events are
    /// like: the sum of their log ratios, 0 when nothing is known of one or the other.
    pub fn evidence(&self, context: &Context, all: &Shape) -> f32 {
        let clues = Clues::of(context);
        let ratios = [
            (self.length_ratio(&clues, all), WEIGHT),
            (self.people_ratio(&clues, all), WEIGHT),
            (self.series_ratio(&clues, all), WEIGHT),
            (self.hour_ratio(&clues, all), HOUR_WEIGHT),
        ];
        let (mut sum, mut by_chance) = (0.0, 0.0);
        for (ratio, weight) in ratios {
            if let Some(ratio) = ratio.filter(|ratio| ratio.is_finite()) {
                sum += weight * ratio.clamp(-MOST, MOST);
                by_chance += BY_CHANCE;
            }
        }
        sum.min(MOST_TOGETHER) - by_chance
    }

    fn length_ratio(&self, clues: &Clues, all: &Shape) -> Option<f32> {
        let (length, middle) = (clues.length?, self.length.mean()?);
        let (prior, weight) = LENGTH_PRIOR;
        let spread = (self.length.squares - self.length.sum * middle).max(0.0);
        let own = (prior * weight + spread) / (weight + self.length.count) + LEAST_VARIANCE;
        let variance = own * (1.0 + 1.0 / self.length.count);
        Some(Bell { middle, variance }.against(&all.length.among(&LENGTHS), length))
    }

    fn people_ratio(&self, clues: &Clues, all: &Shape) -> Option<f32> {
        let (people, middle) = (clues.people?, self.people.mean()?);
        let variance = PEOPLE_VARIANCE * (1.0 + 1.0 / self.people.count);
        Some(Bell { middle, variance }.against(&all.people.among(&PEOPLE), people))
    }

    fn series_ratio(&self, clues: &Clues, all: &Shape) -> Option<f32> {
        let at = usize::from(clues.series?);
        let seen: f32 = self.series.iter().sum();
        let share = (self.series[at] + SERIES_PRIOR) / (seen + 2.0 * SERIES_PRIOR);
        let all_seen: f32 = all.series.iter().sum();
        let all_share = (all.series[at] + AT_LARGE / 2.0) / (all_seen + AT_LARGE);
        (seen > 0.0).then(|| (share / all_share).ln())
    }

    fn hour_ratio(&self, clues: &Clues, all: &Shape) -> Option<f32> {
        let hour = clues.hour?;
        let seen: f32 = self.hours.iter().sum();
        let all_seen: f32 = all.hours.iter().sum();
        let among_all = (all.near(hour) + AT_LARGE / WAKING) / (all_seen + AT_LARGE);
        let density = (self.near(hour) + HOUR_PRIOR * among_all) / (seen + HOUR_PRIOR);
        (seen > 0.0).then(|| (density / among_all).ln())
    }

    /// Events an hour around this one.
    fn near(&self, hour: u8) -> f32 {
        let bell = Bell { middle: f32::from(hour), variance: HOUR_WIDTH * HOUR_WIDTH };
        let height = |at: usize| (bell.log(at as f32) - HALF_LOG_TWO_PI).exp();
        self.hours.iter().enumerate().map(|(at, n)| n * height(at)).sum()
    }
}

/// ln(2π) / 2: what [`Bell::log`] leaves out.
const HALF_LOG_TWO_PI: f32 = 0.918_938_5;

impl Bell {
    /// How much likelier a value is here than there, as a log ratio. Nothing is spread wider than
    /// all: what is not known of a few events is not held against them.
    fn against(mut self, all: &Bell, value: f32) -> f32 {
        self.variance = self.variance.min(all.variance);
        self.log(value) - all.log(value)
    }

    /// The log of its density, but for a constant.
    fn log(&self, x: f32) -> f32 {
        let away = x - self.middle;
        -(away * away / self.variance + self.variance.ln()) / 2.0
    }
}

impl Tally {
    fn add(&mut self, value: f32) {
        self.count += 1.0;
        self.sum += value;
        self.squares += value * value;
    }

    fn add_all(&mut self, other: &Tally) {
        self.count += other.count;
        self.sum += other.sum;
        self.squares += other.squares;
    }

    /// Where the values of all of the person's events lie, those of people at large among them.
    fn among(&self, large: &Bell) -> Bell {
        let count = self.count + AT_LARGE;
        let middle = (self.sum + AT_LARGE * large.middle) / count;
        let squares = self.squares + AT_LARGE * (large.variance + large.middle * large.middle);
        Bell { middle, variance: (squares / count - middle * middle).max(LEAST_AMONG_ALL) }
    }

    fn mean(&self) -> Option<f32> {
        (self.count > 0.0).then(|| self.sum / self.count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn meeting(minutes: f32, people: u32) -> Context {
        Context {
            duration_min: Some(minutes),
            attendees: Some(people),
            recurring: Some(true),
            local_hour: Some(9),
            weekday: Some(0),
        }
    }

    fn standups() -> Shape {
        let mut shape = Shape::default();
        (0..5).for_each(|_| shape.observe(&meeting(15.0, 8)));
        shape
    }

    #[test]
    fn what_is_like_the_others_speaks_for_the_type() {
        let (shape, large) = (standups(), Shape::default());
        let like = shape.evidence(&meeting(15.0, 8), &large);
        assert!(like > 0.9 && like <= MOST_TOGETHER, "{like}");
        assert!(shape.evidence(&meeting(180.0, 2), &large) < -1.0);
        let evening = Context { local_hour: Some(20), ..meeting(15.0, 8) };
        assert!(shape.evidence(&evening, &large) < like);
        let once = Context { recurring: Some(false), ..meeting(15.0, 8) };
        assert!(shape.evidence(&once, &large) < like);
    }

    #[test]
    fn what_all_of_the_persons_events_share_says_nothing() {
        let shape = standups();
        let mut others = Shape::default();
        (0..40).for_each(|_| others.observe(&meeting(15.0, 8)));
        let all = Shape::of_all([&shape, &others]);
        let alike = shape.evidence(&meeting(15.0, 8), &all);
        assert!((-0.6..0.1).contains(&alike), "{alike}");
        let mut others = Shape::default();
        (0..40).for_each(|_| others.observe(&meeting(120.0, 2)));
        let all = Shape::of_all([&shape, &others]);
        assert!(shape.evidence(&meeting(15.0, 8), &all) > 1.0);
    }

    #[test]
    fn what_is_missing_says_nothing() {
        let large = Shape::default();
        assert_eq!(standups().evidence(&Context::default(), &large), 0.0);
        assert_eq!(Shape::default().evidence(&meeting(15.0, 8), &large), 0.0);
        let no_list = Context { attendees: Some(0), ..Context::default() };
        assert_eq!(standups().evidence(&no_list, &large), 0.0);
        assert_eq!((clues(&no_list), clues(&meeting(15.0, 8))), (0, 4));
    }

    #[test]
    fn what_was_long_ago_fades() {
        let mut shape = standups();
        (0..10_000).for_each(|_| shape.observe(&meeting(60.0, 2)));
        assert!(shape.length.count <= MEMORY && shape.hours[9] <= MEMORY);
        assert!(shape.evidence(&meeting(60.0, 2), &Shape::default()) > 0.0);
    }

    proptest! {
        #[test]
        fn evidence_is_bounded(minutes in proptest::num::f32::ANY, people: u32, hour: u8) {
            let context = Context { local_hour: Some(hour), ..meeting(minutes, people) };
            let mut shape = standups();
            shape.observe(&context);
            let all = Shape::of_all([&standups(), &shape]);
            prop_assert!(shape.evidence(&context, &all).abs() <= 4.0 * (MOST + BY_CHANCE));
        }
    }
}
