//! The weights of the category head, read from `category.bin` into a plain value for tier 2.
//!
//! Layout (little endian), written by `train_category.py`: magic "CHRTHEAD", u32 version 1, u32
//! width of the embedding, u32 number of context features, then for each category in the order of
//! [`Category::ALL`] its bias, its embedding weights and its context weights, all f32.

use super::ArtefactError;
use super::table::{check_header, floats, number};
use crate::task::Category;
use crate::task::category::{CONTEXT, CategoryHead, Row};

const MAGIC: &[u8; 8] = b"CHRTHEAD";
const VERSION: u32 = 1;
const HEADER: usize = 20;
/// As for the table.
const MOST_DIMS: usize = 4_096;

/// Reads a head.
///
/// # Errors
/// What is wrong with it.
pub fn read(bytes: &[u8]) -> Result<CategoryHead, ArtefactError> {
    check_header(bytes, MAGIC, VERSION)?;
    let dims = number(bytes, 12)? as usize;
    if dims == 0 || dims > MOST_DIMS || number(bytes, 16)? as usize != CONTEXT {
        return Err(ArtefactError::Bounds);
    }
    let width = 1 + dims + CONTEXT;
    let expected = HEADER + 4 * width * Category::ALL.len();
    if bytes.len() != expected {
        return Err(ArtefactError::Length { expected, found: bytes.len() });
    }
    let numbers = floats(&bytes[HEADER..])?;
    let rows = std::array::from_fn(|k| {
        let row = &numbers[k * width..(k + 1) * width];
        Row {
            bias: row[0],
            embedding: row[1..=dims].to_vec(),
            context: std::array::from_fn(|i| row[1 + dims + i]),
        }
    });
    Ok(CategoryHead { rows })
}
