//! Lines for a spreadsheet.

use super::ApiError;

/// A line of comma-separated fields, with its end.
pub fn line<T: AsRef<str>>(fields: impl IntoIterator<Item = T>) -> Result<String, ApiError> {
    let mut out = csv::Writer::from_writer(Vec::new());
    out.write_record(fields.into_iter().map(|field| plain(field.as_ref()))).map_err(|_| ApiError::internal())?;
    let bytes = out.into_inner().map_err(|_| ApiError::internal())?;
    String::from_utf8(bytes).map_err(|_| ApiError::internal())
}

/// A field that a spreadsheet does not take for a formula (threats D4).
fn plain(field: &str) -> String {
    if field.starts_with(['=', '+', '-', '@', '\t', '\r']) { format!("'{field}") } else { field.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::line;

    #[test]
    fn a_field_is_no_formula_and_no_two_lines() {
        assert_eq!(line(["=1+1", "@x", "ana", "a,b", "a\r\nb", "-1"]).unwrap(), "'=1+1,'@x,ana,\"a,b\",\"a\r\nb\",'-1\n");
    }
}
