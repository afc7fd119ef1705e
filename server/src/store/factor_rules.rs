//! The roles that ask for a second factor.

use super::{Flag, Result, Store};

/// A role's rule as it is kept.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct FactorRuleRow {
    pub role: String,
    /// Tokens of those without a factor do not work either.
    #[sqlx(try_from = "Flag")]
    pub tokens: bool,
}

impl Store {
    pub async fn factor_rules(&self) -> Result<Vec<FactorRuleRow>> {
        Ok(sqlx::query_as("SELECT role, tokens FROM factor_rules ORDER BY role").fetch_all(&self.read).await?)
    }

    /// Puts these rules in place of all that there were.
    pub async fn set_factor_rules(&self, rules: &[FactorRuleRow]) -> Result<()> {
        let mut tx = self.begin().await?;
        sqlx::query("DELETE FROM factor_rules").execute(&mut *tx).await?;
        for rule in rules {
            sqlx::query("INSERT INTO factor_rules (role, tokens) VALUES ($1, $2)")
                .bind(&rule.role)
                .bind(i64::from(rule.tokens))
                .execute(&mut *tx)
                .await?;
        }
        tx.commit().await?;
        Ok(())
    }
}
