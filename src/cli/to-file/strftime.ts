// Dates in names of files, as nsq_to_file writes them (apps/nsq_to_file/strftime.go): strftime's directives, in local time.

const DAYS = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];
const MONTHS = "January February March April May June July August September October November December".split(" ");

const DIRECTIVES: Readonly<Record<string, (at: Date) => string>> = {
  A: (at) => DAYS[at.getDay()] as string,
  a: (at) => (DAYS[at.getDay()] as string).slice(0, 3),
  B: (at) => MONTHS[at.getMonth()] as string,
  b: (at) => (MONTHS[at.getMonth()] as string).slice(0, 3),
  d: (at) => two(at.getDate()),
  H: (at) => two(at.getHours()),
  I: (at) => two(at.getHours() % 12 || 12),
  M: (at) => two(at.getMinutes()),
  m: (at) => two(at.getMonth() + 1),
  p: (at) => (at.getHours() < 12 ? "AM" : "PM"),
  S: (at) => two(at.getSeconds()),
  Y: (at) => String(at.getFullYear()).padStart(4, "0"),
  y: (at) => two(at.getFullYear() % 100),
  z: offset,
  "%": () => "%",
};

/** What is no directive stays as it is. */
export function strftime(format: string, at: Date): string {
  return format.replace(/%(.)/g, (whole, letter: string) => DIRECTIVES[letter]?.(at) ?? whole);
}

function two(number: number): string {
  return String(number).padStart(2, "0");
}

/** `+0100` */
function offset(at: Date): string {
  const minutes = -at.getTimezoneOffset();
  const size = Math.abs(minutes);
  return `${minutes < 0 ? "-" : "+"}${two(Math.floor(size / 60))}${two(size % 60)}`;
}
