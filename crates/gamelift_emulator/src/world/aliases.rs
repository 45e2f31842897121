//! Aliases: names for fleets that can be pointed elsewhere, or nowhere.

use super::{
    World,
    fleets::Fleet,
    page::{self, DEFAULT_LIMIT, Scope},
};
use crate::model::{
    aliases::{
        Alias, AliasInput, AliasOutput, CreateAliasInput, FleetNameOutput, ListAliasesInput, ListAliasesOutput,
        RoutingStrategy, UpdateAliasInput,
    },
    error::{ApiError, ErrorKind},
    fleets::NoOutput,
    timestamp::Timestamp,
};

/// The quota of aliases.
const MAX_ALIASES: usize = 100;

impl World {
    pub(crate) fn create_alias(&mut self, input: CreateAliasInput, now: Timestamp) -> Result<AliasOutput, ApiError> {
        self.check_routing(&input.routing_strategy)?;
        if self.aliases.len() >= MAX_ALIASES {
            return Err(ApiError::new(
                ErrorKind::LimitExceeded,
                "the quota of aliases is used up",
            ));
        }
        let alias_id = self.new_id("alias-");
        let alias = Alias {
            alias_arn: self.arn(&format!("alias/{alias_id}")),
            alias_id,
            name: input.name,
            description: input.description,
            routing_strategy: input.routing_strategy,
            creation_time: now,
            last_updated_time: now,
        };
        self.tag_new(&alias.alias_arn, input.tags)?;
        let serial = self.next_serial();
        self.aliases.insert(serial, alias.clone());
        Ok(AliasOutput { alias })
    }

    pub(crate) fn describe_alias(&mut self, input: AliasInput, _: Timestamp) -> Result<AliasOutput, ApiError> {
        let alias = self.alias(&input.alias_id)?.clone();
        Ok(AliasOutput { alias })
    }

    pub(crate) fn list_aliases(
        &mut self,
        input: ListAliasesInput,
        _: Timestamp,
    ) -> Result<ListAliasesOutput, ApiError> {
        let aliases = self
            .aliases
            .iter()
            .filter(|(_, alias)| input.name.as_ref().is_none_or(|name| *name == alias.name))
            .filter(|(_, alias)| {
                let kind = &input.routing_strategy_type;
                kind.is_none() || *kind == alias.routing_strategy.kind
            })
            .map(|(key, alias)| (*key, alias.clone()));
        let (aliases, next_token) = page::page(
            aliases,
            Scope::of(("ListAliases", &input.name, &input.routing_strategy_type)),
            input.limit.unwrap_or(DEFAULT_LIMIT),
            input.next_token.as_deref(),
        )?;
        Ok(ListAliasesOutput { aliases, next_token })
    }

    pub(crate) fn update_alias(&mut self, input: UpdateAliasInput, now: Timestamp) -> Result<AliasOutput, ApiError> {
        let id = self.alias(&input.alias_id)?.alias_id.clone();
        if let Some(strategy) = &input.routing_strategy {
            self.check_routing(strategy)?;
        }
        let Some(alias) = self.aliases.values_mut().find(|alias| alias.alias_id == id) else {
            return Err(ApiError::not_found(format!("there is no alias {id}")));
        };
        alias.name = input.name.unwrap_or_else(|| alias.name.clone());
        alias.description = input.description.or(alias.description.take());
        if let Some(strategy) = input.routing_strategy {
            alias.routing_strategy = strategy;
        }
        alias.last_updated_time = now;
        let alias = alias.clone();
        self.reconsider_placements();
        Ok(AliasOutput { alias })
    }

    pub(crate) fn delete_alias(&mut self, input: AliasInput, _: Timestamp) -> Result<NoOutput, ApiError> {
        let alias = self.alias(&input.alias_id)?;
        let (id, arn) = (alias.alias_id.clone(), alias.alias_arn.clone());
        self.aliases.retain(|_, alias| alias.alias_id != id);
        self.tags.remove(&arn);
        self.reconsider_placements();
        Ok(NoOutput {})
    }

    pub(crate) fn resolve_alias(&mut self, input: AliasInput, _: Timestamp) -> Result<FleetNameOutput, ApiError> {
        let fleet = self.fleet_of_alias(&input.alias_id)?;
        Ok(FleetNameOutput {
            fleet_id: fleet.id.clone(),
            fleet_arn: fleet.arn.clone(),
        })
    }

    /// The fleet that an alias points to now.
    pub(super) fn fleet_of_alias(&self, id_or_arn: &str) -> Result<&Fleet, ApiError> {
        let alias = self.alias(id_or_arn)?;
        match &alias.routing_strategy.fleet_id {
            Some(fleet_id) => self.fleet(fleet_id),
            None => Err(ApiError::new(
                ErrorKind::TerminalRoutingStrategy,
                alias
                    .routing_strategy
                    .message
                    .clone()
                    .unwrap_or_else(|| format!("alias {} points to no fleet", alias.alias_id)),
            )),
        }
    }

    fn alias(&self, id_or_arn: &str) -> Result<&Alias, ApiError> {
        let id = id_or_arn.rsplit('/').next().unwrap_or(id_or_arn);
        self.aliases
            .values()
            .find(|alias| alias.alias_id == id)
            .ok_or_else(|| ApiError::not_found(format!("there is no alias {id}")))
    }

    fn check_routing(&self, strategy: &RoutingStrategy) -> Result<(), ApiError> {
        match (strategy.kind.as_deref(), &strategy.fleet_id, &strategy.message) {
            (Some("SIMPLE"), Some(fleet_id), None) => match self.fleet(fleet_id) {
                Ok(_) => Ok(()),
                Err(error) => Err(ApiError::invalid(error.message)),
            },
            (Some("TERMINAL"), None, Some(_)) => Ok(()),
            _ => Err(ApiError::invalid(
                "a RoutingStrategy is SIMPLE with a FleetId, or TERMINAL with a Message",
            )),
        }
    }
}
