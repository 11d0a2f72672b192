mod cli;
mod darkness;
mod files;
mod objects;
mod operator;
mod serve;
mod topology;
