// Times as the visitor's language and time zone write them.

const DAY = 86400000;

const midnight = (date) => new Date(date.getFullYear(), date.getMonth(), date.getDate()).getTime();

export class Times {
  constructor(tag) {
    this._clock = new Intl.DateTimeFormat(tag, { hour: "numeric", minute: "2-digit" });
    this._day = new Intl.DateTimeFormat(tag, { weekday: "long", day: "numeric", month: "long" });
    this._year = new Intl.DateTimeFormat(tag, { day: "numeric", month: "long", year: "numeric" });
    this._near = new Intl.RelativeTimeFormat(tag, { numeric: "auto" });
    this._full = new Intl.DateTimeFormat(tag, { dateStyle: "full", timeStyle: "short" });
    this._next = new Intl.DateTimeFormat(tag, { weekday: "long", hour: "numeric", minute: "2-digit" });
    this._capital = (text) => text.charAt(0).toLocaleUpperCase(tag) + text.slice(1);
  }

  clock(date) {
    return this._clock.format(date);
  }

  full(date) {
    return this._full.format(date);
  }

  /** "Today", "Yesterday", "Monday, 3 March"; with the year, when it is another. */
  day(date) {
    const days = Math.round((midnight(date) - midnight(new Date())) / DAY);
    if (Math.abs(days) < 2) return this._capital(this._near.format(days, "day"));
    const thisYear = date.getFullYear() === new Date().getFullYear();
    return (thisYear ? this._day : this._year).format(date);
  }

  /** When somebody is back: the hour today, else with the weekday, or the day when that is far. */
  next(date) {
    const days = Math.round((midnight(date) - midnight(new Date())) / DAY);
    if (days === 0) return this.clock(date);
    return (days < 7 ? this._next : this._full).format(date);
  }
}

export function bytes(number, tag) {
  const [unit, value] = number >= 1048576 ? ["megabyte", number / 1048576] : ["kilobyte", number / 1024];
  const shown = Math.max(value, 0.1);
  return new Intl.NumberFormat(tag, { style: "unit", unit, maximumFractionDigits: 1 }).format(shown);
}
