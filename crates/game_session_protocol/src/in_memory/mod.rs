//! An orchestrator in memory.
/// Stand-in.
pub struct InMemoryOrchestrator;
