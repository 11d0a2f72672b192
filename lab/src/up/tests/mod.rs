mod cli;
mod darkness;
mod files;
mod objects;
mod serve;
mod topology;
