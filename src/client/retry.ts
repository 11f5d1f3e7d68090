// When to try again what failed.

/** How long the attempt that follows so many failures waits, ms: twice as long each time, and by chance down to half of that. */
export function retryDelay(failures: number, first: number, most: number, random: number): number {
  return (Math.min(most, first * 2 ** (failures - 1)) * (1 + random)) / 2;
}
