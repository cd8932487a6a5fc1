//! All tests that are not a module's own, as one binary: a binary more would be linked once more.
//!
//! A new file goes beside this one and is named here; what concerns one slice mirrors its path in `src`.

mod architecture;
mod licences;
