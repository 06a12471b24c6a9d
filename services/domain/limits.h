#pragma once

// Every limit of the domain, by name. Text is counted in characters (code points) unless the name
// says bytes.

#include <cstddef>
#include <cstdint>

namespace dealog::domain {

// The log's limits, so that what is longer is not even looked up.
inline constexpr size_t kStreamIdBytesMax = 128;
inline constexpr size_t kStreamTypeBytesMax = 32;
inline constexpr size_t kEventTypeBytesMax = 64;
inline constexpr size_t kTenantNameBytesMax = 63;

// Names and labels.
inline constexpr size_t kDisplayNameCharsMax =
    128;  // Pipelines, stages, members, products, workflows.
inline constexpr size_t kContactNameCharsMax = 256;   // Contacts and organizations.
inline constexpr size_t kCatalogLabelCharsMax = 128;  // Team, region, series.
inline constexpr size_t kTitleCharsMax = 256;         // Deals and activities.
inline constexpr size_t kSourceCharsMax = 128;
inline constexpr size_t kReasonCharsMax = 256;    // Why a deal was lost.
inline constexpr size_t kOutcomeCharsMax = 1024;  // What came of an activity.
inline constexpr size_t kPhoneCharsMax = 64;
inline constexpr size_t kEmailBytesMax = 254;   // RFC 5321's path without the brackets.
inline constexpr size_t kDomainBytesMax = 253;  // DNS.
inline constexpr size_t kExternalKeyCharsMax = 256;
inline constexpr size_t kRoleCharsMax = 128;
inline constexpr size_t kOverrideReasonCharsMax = 512;
inline constexpr size_t kNoteBytesMax = 65'536;

// Tags, attributes and links of one resource.
inline constexpr size_t kTagCharsMax = 64;
inline constexpr size_t kTagsMax = 64;
inline constexpr size_t kAttributeKeyBytesMax = 64;
inline constexpr size_t kAttributeTextBytesMax = 1024;
inline constexpr size_t kAttributesMax = 64;
inline constexpr size_t kDealContactsMax = 64;

// Pipelines.
inline constexpr size_t kStagesMax = 64;          // Not retired.
inline constexpr size_t kRetiredStagesMax = 256;  // Kept readable for ever.
inline constexpr size_t kObjectiveCharsMax = 1024;
inline constexpr size_t kStageActionsMax = 32;
inline constexpr size_t kStageActionCharsMax = 256;
inline constexpr size_t kLostReasonsMax = 64;
inline constexpr int64_t kRotThresholdSecondsMax = int64_t{3650} * 86'400;

// Workflows.
inline constexpr int kWorkflowActionsMax = 32;
inline constexpr size_t kStepIdBytesMax = 64;
inline constexpr size_t kConditionBytesMax = 4096;
inline constexpr size_t kFieldValueBytesMax = 1024;
inline constexpr int64_t kWorkflowSecondsMax = int64_t{3650} * 86'400;  // Ages and due times.
inline constexpr size_t kDefinitionBytesMax = 256 << 10;

// Stream types of other services, and what they append.
inline constexpr size_t kStreamTypesMax = 256;  // Of one tenant.
inline constexpr size_t kEventTypesMax = 256;   // Of one stream type.
inline constexpr size_t kDescriptionCharsMax = 1024;
inline constexpr size_t kAppendEventsMax = 1000;     // Of one commit.
inline constexpr size_t kAppendBytesMax = 4 << 20;   // Payloads of one commit.
inline constexpr size_t kAppendConditionsMax = 100;  // Of one commit.
// The log's limit of one event, less what the union takes around a payload.
inline constexpr size_t kExternalPayloadBytesMax = (1 << 20) - 1024;

// How long after it was recorded a move may be undone without a reason.
inline constexpr int64_t kUndoGraceMicros = int64_t{10} * 60 * 1'000'000;

}  // namespace dealog::domain
