// Stands for modules that libraries name and the broker never runs (wrangler.toml).

export {};
