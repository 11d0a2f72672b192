mod decisions;
mod worlds;
