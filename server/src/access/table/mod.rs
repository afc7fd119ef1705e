//! The law: one folder of tables that maps every operation of every door to a permission. No row, no passage.

pub mod docker;
pub mod oci;
