//! What pixels and texts leave behind on the stack.
//!
//! Buffers that hold them are wiped when they are dropped, and those of other people's decoders by the program's allocator
//! when they are freed; but a decoder also works in arrays on the stack.

use std::hint::black_box;

/// Overwrites what earlier calls left on this thread's stack below the caller.
///
/// Best effort by the language's rules; a test looks at the memory of the program at its end.
#[inline(never)]
#[allow(clippy::large_stack_arrays)] // the size is the point
pub fn scrub_stack() {
    let mut area = [0u8; 512 * 1024];
    black_box(&mut area);
    // The widest registers keep the end of what was copied last through them: copies of nothing take its place.
    for size in [24, 48, 96, 120, 200, 400] {
        let (from, mut to) = (vec![0u8; size], vec![1u8; size]);
        to.copy_from_slice(black_box(&from));
        black_box(&mut to);
    }
}
