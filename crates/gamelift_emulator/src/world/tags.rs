//! Tags of fleets, locations, aliases and queues.

use std::collections::BTreeMap;

use super::World;
use crate::model::{
    error::{ApiError, ErrorKind},
    fleets::NoOutput,
    tags::{ListTagsInput, ListTagsOutput, Tag, TagResourceInput, UntagResourceInput},
    timestamp::Timestamp,
};

/// The most tags of one resource.
const MAX_TAGS: usize = 50;

impl World {
    pub(crate) fn tag_resource(&mut self, input: TagResourceInput, _: Timestamp) -> Result<NoOutput, ApiError> {
        self.check_taggable(&input.resource_arn)?;
        self.add_tags(&input.resource_arn, input.tags)?;
        Ok(NoOutput {})
    }

    pub(crate) fn untag_resource(&mut self, input: UntagResourceInput, _: Timestamp) -> Result<NoOutput, ApiError> {
        self.check_taggable(&input.resource_arn)?;
        if let Some(tags) = self.tags.get_mut(&input.resource_arn) {
            tags.retain(|key, _| !input.tag_keys.contains(key));
        }
        Ok(NoOutput {})
    }

    pub(crate) fn list_tags_for_resource(
        &mut self,
        input: ListTagsInput,
        _: Timestamp,
    ) -> Result<ListTagsOutput, ApiError> {
        self.check_taggable(&input.resource_arn)?;
        let tags = self.tags.get(&input.resource_arn).into_iter().flatten();
        let tags = tags.map(|(key, value)| Tag {
            key: key.clone(),
            value: value.clone(),
        });
        Ok(ListTagsOutput { tags: tags.collect() })
    }

    /// The tags of a resource that is being created; it is not, when they are refused.
    pub(super) fn tag_new(&mut self, arn: &str, tags: Option<Vec<Tag>>) -> Result<(), ApiError> {
        match tags {
            Some(tags) if !tags.is_empty() => self.add_tags(arn, tags),
            _ => Ok(()),
        }
    }

    fn add_tags(&mut self, arn: &str, new: Vec<Tag>) -> Result<(), ApiError> {
        let refused = |message: &str| Err(ApiError::new(ErrorKind::TaggingFailed, message));
        let mut tags = self.tags.get(arn).cloned().unwrap_or_default();
        let mut named = BTreeMap::new();
        for Tag { key, value } in new {
            if key.to_ascii_lowercase().starts_with("aws:") {
                return refused("keys that begin with aws: are AWS's own");
            }
            if named.insert(key, value).is_some() {
                return refused("a tag key is given twice");
            }
        }
        tags.extend(named);
        if tags.len() > MAX_TAGS {
            return refused("a resource has at most 50 tags");
        }
        self.tags.insert(arn.to_owned(), tags);
        Ok(())
    }

    fn check_taggable(&self, arn: &str) -> Result<(), ApiError> {
        let known = self.fleets.values().any(|fleet| fleet.arn == arn)
            || self.aliases.values().any(|alias| alias.alias_arn == arn)
            || self.queues.values().any(|queue| queue.game_session_queue_arn == arn)
            || self
                .locations
                .values()
                .any(|name| self.arn(&format!("location/{name}")) == arn);
        if known {
            Ok(())
        } else if arn.starts_with("arn:") {
            Err(ApiError::not_found(
                "there is no fleet, location, alias or queue with this ARN",
            ))
        } else {
            Err(ApiError::invalid("ResourceARN is not an ARN"))
        }
    }
}
