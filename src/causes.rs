//! What lies below an error.

use std::error::Error;

/// The error and everything below it. `io::Error` hides what it wraps from `source`, so it is unwrapped by hand.
pub fn causes<'a>(error: &'a (dyn Error + 'static)) -> Vec<&'a (dyn Error + 'static)> {
    let mut all = vec![error];
    let mut next = below(error);
    while let Some(cause) = next {
        all.push(cause);
        next = below(cause);
    }
    all
}

fn below<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a (dyn Error + 'static)> {
    match error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref) {
        Some(wrapped) => Some(wrapped),
        None => error.source(),
    }
}
