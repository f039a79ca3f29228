//! What may be typed of schemas.

use clap::{Args as Group, ValueEnum};

#[derive(Debug, Group)]
pub struct SchemaArgs {
    /// Which format
    #[arg(value_enum)]
    pub name: SchemaName,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum SchemaName {
    /// scenarios/*/*.yaml
    Scenario,
    /// fixtures/images/*/image.yaml
    Image,
    /// fixtures/contracts/*.yaml
    Contract,
    /// fixtures/packages/*.yaml
    Packages,
    /// record.json of a run
    Record,
    /// comparison.json of a comparison
    Comparison,
    /// reports/baselines/*/calibration.json
    Calibration,
    /// reports/baselines/*/baseline.json
    Baseline,
}
