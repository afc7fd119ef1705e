//! A query that is put together, and how truth is kept.

use sqlx::{
    Any, AnyConnection, AssertSqlSafe, Decode, Encode, FromRow, Type,
    any::{AnyArguments, AnyRow, AnyTypeInfo, AnyValueRef},
    error::BoxDynError,
};

use super::{Kind, Result};

/// A query in the making. What is bound stands in the order in which it is bound.
pub(super) struct Sql {
    pub(super) kind: Kind,
    text: String,
    arguments: std::result::Result<AnyArguments, BoxDynError>,
    bound: usize,
}

impl Sql {
    pub(super) fn new(kind: Kind, text: &str) -> Self {
        Self { kind, text: text.to_owned(), arguments: Ok(AnyArguments::default()), bound: 0 }
    }

    /// Adds text of ours: what others say is bound.
    pub(super) fn push(&mut self, text: &str) -> &mut Self {
        self.text.push_str(text);
        self
    }

    pub(super) fn push_bind<'t>(&mut self, value: impl Encode<'t, Any> + Type<Any>) -> &mut Self {
        use std::fmt::Write as _;

        use sqlx::Arguments as _;

        self.bound += 1;
        match self.kind {
            // With a number it would be a name, and its driver looks for each name among all of them: that was four tenths of writing the trail.
            Kind::Sqlite => self.text.push('?'),
            // Writing to a text does not fail.
            Kind::Postgres => drop(write!(self.text, "${}", self.bound)),
        }
        if let Ok(arguments) = &mut self.arguments
            && let Err(error) = arguments.add(value)
        {
            self.arguments = Err(error);
        }
        self
    }

    /// Adds `VALUES (...), (...)`, a row for each item.
    pub(super) fn push_rows<T>(&mut self, items: impl IntoIterator<Item = T>, mut row: impl FnMut(&mut List<'_>, T)) -> &mut Self {
        self.push("VALUES ");
        for (n, item) in items.into_iter().enumerate() {
            self.push(if n == 0 { "(" } else { ", (" });
            row(&mut self.list(), item);
            self.push(")");
        }
        self
    }

    /// What is bound with commas between.
    pub(super) fn list(&mut self) -> List<'_> {
        List { sql: self, is_empty: true }
    }

    pub(super) async fn fetch_all<T>(self, database: impl sqlx::Executor<'_, Database = Any>) -> Result<Vec<T>>
    where
        T: for<'r> FromRow<'r, AnyRow> + Send + Unpin,
    {
        let arguments = self.arguments.map_err(sqlx::Error::Encode)?;
        Ok(sqlx::query_as_with(AssertSqlSafe(self.text), arguments).fetch_all(database).await?)
    }

    pub(super) async fn fetch_optional<T>(self, database: impl sqlx::Executor<'_, Database = Any>) -> Result<Option<T>>
    where
        T: for<'r> FromRow<'r, AnyRow> + Send + Unpin,
    {
        let arguments = self.arguments.map_err(sqlx::Error::Encode)?;
        Ok(sqlx::query_as_with(AssertSqlSafe(self.text), arguments).fetch_optional(database).await?)
    }

    pub(super) async fn execute(self, connection: &mut AnyConnection) -> Result<()> {
        let arguments = self.arguments.map_err(sqlx::Error::Encode)?;
        sqlx::query_with(AssertSqlSafe(self.text), arguments).execute(connection).await?;
        Ok(())
    }
}

/// A list within a query.
pub(super) struct List<'a> {
    sql: &'a mut Sql,
    is_empty: bool,
}

impl List<'_> {
    pub(super) fn push_bind<'t>(&mut self, value: impl Encode<'t, Any> + Type<Any>) -> &mut Self {
        if !std::mem::take(&mut self.is_empty) {
            self.sql.push(", ");
        }
        self.sql.push_bind(value);
        self
    }
}

/// A truth as it is kept: 0 or 1, since one of the databases has no type of its own for it.
pub(super) struct Flag(bool);

impl From<Flag> for bool {
    fn from(flag: Flag) -> Self {
        flag.0
    }
}

impl Type<Any> for Flag {
    fn type_info() -> AnyTypeInfo {
        <i64 as Type<Any>>::type_info()
    }

    fn compatible(kind: &AnyTypeInfo) -> bool {
        <i64 as Type<Any>>::compatible(kind)
    }
}

impl<'r> Decode<'r, Any> for Flag {
    fn decode(value: AnyValueRef<'r>) -> std::result::Result<Self, BoxDynError> {
        Ok(Self(<i64 as Decode<'r, Any>>::decode(value)? != 0))
    }
}
