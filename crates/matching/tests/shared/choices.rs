//! A stream of choices read from bytes, so that a fuzzer's input, a kept corpus and a drawn list of bytes
//! all become networks and markets by the same code.
//!
//! Past the end every choice is the first one, and the first one is always the simplest: shorter input
//! and smaller bytes mean a simpler case.

pub struct Choices<'b> {
    bytes: &'b [u8],
}

impl<'b> Choices<'b> {
    pub fn new(bytes: &'b [u8]) -> Self {
        Self { bytes }
    }

    pub fn byte(&mut self) -> u8 {
        match self.bytes.split_first() {
            Some((first, rest)) => {
                self.bytes = rest;
                *first
            }
            None => 0,
        }
    }

    /// A number in `0..=most`, at most 255.
    pub fn upto(&mut self, most: u8) -> u8 {
        let byte = self.byte();
        if most == u8::MAX { byte } else { byte % (most + 1) }
    }

    /// Whether the choice is one of `n` equal ones, and not the simplest.
    pub fn one_in(&mut self, n: u8) -> bool {
        self.upto(n - 1) == n - 1
    }

    /// One of a list.
    pub fn of<T: Copy>(&mut self, list: &[T]) -> T {
        let most = u8::try_from(list.len() - 1).unwrap();
        list[usize::from(self.upto(most))]
    }
}
