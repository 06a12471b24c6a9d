// The templates in English.

#include "services/domain/pipeline_template_texts.h"

namespace dealog::domain {
namespace {

constexpr auto kWon = v1::Stage::WON;
constexpr auto kLost = v1::Stage::LOST;
constexpr auto kOpen = v1::Stage::OPEN;

TemplateText Sales() {
  return {"sales-en",
          "Sales: the default pipeline, from a new contact to the decision.",
          {
              {"New contact",
               kOpen,
               "Know who it is and where they come from.",
               {"Complete the record", "Choose an owner"},
               0.05,
               7},
              {"First contact",
               kOpen,
               "Make the connection and get an appointment.",
               {"Call or write within 24 hours", "Offer a discovery call"},
               0.1,
               7},
              {"Discovery call",
               kOpen,
               "Understand need, budget, timing and who decides.",
               {"Hold the call", "Note need, budget and date"},
               0.2,
               14},
              {"Proposal sent",
               kOpen,
               "Get an opinion on a clear proposal.",
               {"Send the proposal", "Set the follow-up date"},
               0.4,
               14},
              {"Negotiation",
               kOpen,
               "Settle the last objections and agree on a decision date.",
               {"Answer the objections", "Confirm the terms in writing"},
               0.6,
               21},
              {"Won",
               kWon,
               "Keep the promise made and prepare what comes next.",
               {"Say thank you", "Start the onboarding"}},
              {"Lost",
               kLost,
               "Understand why, and know when to come back.",
               {"Note the reason", "Agree when to talk again"}},
          }};
}

TemplateText CoachingIndividual() {
  return {
      "coaching-individual-en",
      "Individual coaching: from the first contact to the commitment, with a free session.",
      {
          {"New contact", kOpen, "Welcome the request.", {"Answer within 24 hours"}},
          {"Discovery call",
           kOpen,
           "Understand the person's goal.",
           {"Hold the call", "Note the goal"}},
          {"Free session offered", kOpen, "Have a trial session accepted.", {"Offer two dates"}},
          {"Free session held",
           kOpen,
           "Let them experience coaching and hear how it felt.",
           {"Hold the session", "Ask for feedback"}},
          {"Proposal sent", kOpen, "Present a programme that fits.", {"Send the proposal"}},
          {"Decision pending",
           kOpen,
           "Support the decision without pressing.",
           {"Follow up on the agreed date"}},
          {"Won",
           kWon,
           "Keep the promise made and prepare what comes next.",
           {"Say thank you", "Start the onboarding"}},
          {"Lost",
           kLost,
           "Understand why, and know when to come back.",
           {"Note the reason", "Agree when to talk again"}},
      }};
}

TemplateText CoachingCompany() {
  return {
      "coaching-company-en",
      "Team and company coaching: from the incoming lead to the contract, with an "
      "assessment.",
      {
          {"Incoming lead",
           kOpen,
           "Record the request and its origin.",
           {"Complete the company's record"}},
          {"Qualification",
           kOpen,
           "Check the stakes, the budget and the calendar.",
           {"Call the requester"}},
          {"Decision maker met",
           kOpen,
           "Meet the person who decides.",
           {"Arrange the meeting", "Prepare the questions"}},
          {"Assessment offered", kOpen, "Have an assessment accepted.", {"Send the scoping note"}},
          {"Assessment done",
           kOpen,
           "Share one view of the situation.",
           {"Hold the interviews", "Present the assessment"}},
          {"Commercial proposal",
           kOpen,
           "Put a price on the programme.",
           {"Send the proposal", "Set the date of the answer"}},
          {"Negotiation", kOpen, "Agree on scope and terms.", {"Answer the objections"}},
          {"Won",
           kWon,
           "Keep the promise made and prepare what comes next.",
           {"Say thank you", "Start the onboarding"}},
          {"Lost",
           kLost,
           "Understand why, and know when to come back.",
           {"Note the reason", "Agree when to talk again"}},
      }};
}

TemplateText Koban() {
  return {
      "koban-en",
      "Business sales in five stages, from qualification to the decision.",
      {
          {"Qualification",
           kOpen,
           "Check that need, budget and date exist.",
           {"Qualify the prospect"}},
          {"Discovery meeting",
           kOpen,
           "Let the client talk about what is at stake.",
           {"Prepare the meeting", "Write the minutes"}},
          {"Proposal", kOpen, "Answer the need with a priced offer.", {"Send the quote"}},
          {"Negotiation and follow-up",
           kOpen,
           "Follow the quote up and settle objections.",
           {"Follow the quote up", "Answer the objections"}},
          {"Decision", kOpen, "Get an answer on the agreed date.", {"Confirm the decision date"}},
          {"Won",
           kWon,
           "Keep the promise made and prepare what comes next.",
           {"Say thank you", "Start the onboarding"}},
          {"Lost",
           kLost,
           "Understand why, and know when to come back.",
           {"Note the reason", "Agree when to talk again"}},
      }};
}

TemplateText Funnel() {
  return {"funnel-en",
          "The classic stages of a sales cycle, from prospecting to closing.",
          {
              {"Prospecting", kOpen, "Find possible clients.", {"Identify whom to talk to"}},
              {"Qualification", kOpen, "Keep those whose need is real.", {"Check need and budget"}},
              {"Presentation", kOpen, "Show the solution.", {"Give the demonstration"}},
              {"Negotiation", kOpen, "Agree on the terms.", {"Answer the objections"}},
              {"Closing", kOpen, "Get the signature.", {"Send the contract"}},
              {"Won",
               kWon,
               "Keep the promise made and prepare what comes next.",
               {"Say thank you", "Start the onboarding"}},
              {"Lost",
               kLost,
               "Understand why, and know when to come back.",
               {"Note the reason", "Agree when to talk again"}},
          }};
}

TemplateText SingingClub() {
  return {
      "singing-club-en",
      "Singing club: from a new prospect to the enrolment, by way of a trial class.",
      {
          {"New prospect",
           kOpen,
           "Answer the request for a trial class.",
           {"Send the welcome message", "Offer a date"}},
          {"Trial class planned",
           kOpen,
           "Have the person come.",
           {"Send a reminder the day before"}},
          {"Trial class held",
           kOpen,
           "Hear whether they want to go on.",
           {"Ask for feedback", "Present the options"}},
          {"Enrolment confirmed", kWon, "Welcome the new member.", {"Send the enrolment form"}},
          {"Lost", kLost, "Understand why, and invite to the next concert.", {"Note the reason"}},
      }};
}

}  // namespace

TemplateLanguage EnglishTemplates() {
  return {"en",
          {"budget too small", "bad timing", "another provider", "project dropped", "other reason"},
          {Sales(), CoachingIndividual(), CoachingCompany(), Koban(), Funnel(), SingingClub()}};
}

}  // namespace dealog::domain
