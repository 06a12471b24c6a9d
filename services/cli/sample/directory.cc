#include "services/cli/sample/directory.h"

#include <algorithm>
#include <iterator>

#include "absl/strings/str_cat.h"
#include "eventstore/base/check.h"
#include "eventstore/base/ids.h"

namespace dealog::cli {
namespace {

// Ids of the directory carry this time (2020-01-01), because they do not depend on the anchor.
constexpr int64_t kDirectoryMicros = 1'577'836'800'000'000;
constexpr int64_t kDealsPerOrganization = 25;
constexpr int64_t kOrganizationsMin = 12;
constexpr int64_t kOrganizationsMax = 20'000;

constexpr SampleMember kMembers[] = {
    {"Claire Martin", "claire.martin", "Nord", "Lille", 0.80},
    {"Hugo Bernard", "hugo.bernard", "Nord", "Lille", 1.05},
    {"Inès Petit", "ines.petit", "Nord", "Paris", 0.95},
    {"Thomas Roux", "thomas.roux", "Sud", "Lyon", 1.10},
    {"Léa Fournier", "lea.fournier", "Sud", "Lyon", 0.90},
    {"Karim Haddad", "karim.haddad", "Sud", "Marseille", 1.00},
    {"Sophie Lambert", "sophie.lambert", "Ouest", "Nantes", 1.20},
    {"Paul Girard", "paul.girard", "Ouest", "Nantes", 1.00},
    {"Nadia Benali", "nadia.benali", "Grands comptes", "Paris", 0.75},
    {"Élise Fontaine", "elise.fontaine", "Chant", "Paris", 0.90},
    {"Marc Aubert", "marc.aubert", "Chant", "Lyon", 1.10},
};
static_assert(std::size(kMembers) == kSalesMembers + kClubMembers);

constexpr SampleProduct kProducts[] = {
    {"Coaching individuel", "Coaching", 1'200},
    {"Coaching d'équipe", "Coaching", 6'500},
    {"Formation en entreprise", "Formation", 4'800},
    {"Séminaire", "Formation", 12'000},
    {"Audit", "Conseil", 9'000},
    {"Abonnement annuel", "Conseil", 3'600},
    {"Cours de chant, trimestre", "Chant", 240},
    {"Cours de chant, année", "Chant", 620},
    {"Chorale", "Chant", 180},
};
static_assert(std::size(kProducts) == kSalesProducts + kClubProducts);

// Names with their spelling in an e-mail address.
struct Name {
  const char* text;
  const char* ascii;
};

constexpr Name kKinds[] = {{"Atelier", "atelier"},       {"Groupe", "groupe"},
                           {"Maison", "maison"},         {"Cabinet", "cabinet"},
                           {"Institut", "institut"},     {"Éditions", "editions"},
                           {"Transports", "transports"}, {"Clinique", "clinique"}};
constexpr Name kSurnames[] = {
    {"Moreau", "moreau"},       {"Lefèvre", "lefevre"}, {"Garnier", "garnier"},
    {"Chevalier", "chevalier"}, {"Robin", "robin"},     {"Masson", "masson"},
    {"Noël", "noel"},           {"Dufour", "dufour"},   {"Meunier", "meunier"},
    {"Brunet", "brunet"},       {"Blanc", "blanc"},     {"Guérin", "guerin"},
    {"Boyer", "boyer"},         {"Perrin", "perrin"},   {"Renaud", "renaud"},
    {"Caron", "caron"},         {"Lucas", "lucas"},     {"Faure", "faure"},
    {"Rivière", "riviere"},     {"Olivier", "olivier"}, {"Vidal", "vidal"},
    {"Marchand", "marchand"},   {"Colin", "colin"},     {"Leclerc", "leclerc"}};
constexpr Name kFirstNames[] = {
    {"Ada", "ada"},           {"Bruno", "bruno"}, {"Camille", "camille"}, {"David", "david"},
    {"Emma", "emma"},         {"Félix", "felix"}, {"Gaëlle", "gaelle"},   {"Henri", "henri"},
    {"Isabelle", "isabelle"}, {"Jules", "jules"}, {"Khadija", "khadija"}, {"Louis", "louis"},
    {"Manon", "manon"},       {"Noé", "noe"},     {"Odile", "odile"},     {"Pierre", "pierre"}};
constexpr const char* kSectors[] = {"commerce", "industrie", "santé",   "éducation",
                                    "services", "tech",      "culture", "public"};
constexpr const char* kRoles[] = {"direction", "achats"};

std::string DirectoryId(const char* prefix, size_t index) {
  return base::FormatId(
      prefix, base::DeriveUuid7(kDirectoryMicros, absl::StrCat("sample/", prefix, "/", index)));
}

Random DirectoryRandom(const char* kind, size_t index) {
  return Random(absl::StrCat("sample/", kind, "/", index));
}

const Name& KindOf(size_t organization) { return kKinds[organization % std::size(kKinds)]; }

const Name& FamilyOf(size_t organization) {
  return kSurnames[organization / std::size(kKinds) % std::size(kSurnames)];
}

std::string DomainOf(size_t organization) {
  return absl::StrCat(KindOf(organization).ascii, "-", FamilyOf(organization).ascii, "-",
                      organization + 1, ".example");
}

}  // namespace

const SampleMember& Member(size_t index) {
  DEALOG_CHECK(index < std::size(kMembers)) << index;
  return kMembers[index];
}

const SampleProduct& Product(size_t index) {
  DEALOG_CHECK(index < std::size(kProducts)) << index;
  return kProducts[index];
}

v1::UpsertMemberRequest MemberRequest(size_t index) {
  v1::UpsertMemberRequest request;
  request.set_display_name(Member(index).name);
  request.set_team(Member(index).team);
  request.set_region(Member(index).region);
  return request;
}

v1::UpsertProductRequest ProductRequest(size_t index, const std::string& currency_code) {
  v1::UpsertProductRequest request;
  request.set_display_name(Product(index).name);
  request.set_series(Product(index).series);
  request.mutable_list_price()->set_currency_code(currency_code);
  request.mutable_list_price()->set_units(Product(index).list_price);
  return request;
}

size_t OrganizationCount(int64_t deals) {
  return static_cast<size_t>(
      std::clamp(deals / kDealsPerOrganization, kOrganizationsMin, kOrganizationsMax));
}

std::string OrganizationId(size_t index) { return DirectoryId("org", index); }

std::string OrganizationName(size_t index) {
  const size_t round = index / (std::size(kKinds) * std::size(kSurnames));
  return absl::StrCat(KindOf(index).text, " ", FamilyOf(index).text,
                      round == 0 ? "" : absl::StrCat(" ", round + 1));
}

v1::CreateOrganizationRequest OrganizationRequest(size_t index) {
  Random random = DirectoryRandom("org", index);
  v1::CreateOrganizationRequest request;
  request.set_organization_id(OrganizationId(index));
  request.set_display_name(OrganizationName(index));
  request.set_domain(DomainOf(index));
  auto* sector = request.add_attributes();
  sector->set_key("sector");
  sector->set_text(kSectors[random.Index(std::size(kSectors))]);
  auto* employees = request.add_attributes();
  employees->set_key("employees");
  employees->set_number(static_cast<double>(static_cast<int64_t>(random.LogNormal(60, 1.1)) + 1));
  return request;
}

std::string ContactId(size_t index) { return DirectoryId("contact", index); }

v1::CreateContactRequest ContactRequest(size_t index) {
  Random random = DirectoryRandom("contact", index);
  const size_t organization = index / kContactsPerOrganization;
  const Name& first = kFirstNames[random.Index(std::size(kFirstNames))];
  const Name& last = kSurnames[random.Index(std::size(kSurnames))];
  v1::CreateContactRequest request;
  request.set_contact_id(ContactId(index));
  request.set_display_name(absl::StrCat(first.text, " ", last.text));
  request.set_email(
      absl::StrCat(first.ascii, ".", last.ascii, ".", index + 1, "@", DomainOf(organization)));
  request.set_organization_id(OrganizationId(organization));
  auto* role = request.add_attributes();
  role->set_key("role");
  role->set_text(kRoles[index % kContactsPerOrganization]);
  return request;
}

v1::CreateContactRequest SingerRequest(const std::string& contact_id, const std::string& key,
                                       Random& random) {
  const Name& first = kFirstNames[random.Index(std::size(kFirstNames))];
  const Name& last = kSurnames[random.Index(std::size(kSurnames))];
  v1::CreateContactRequest request;
  request.set_contact_id(contact_id);
  request.set_display_name(absl::StrCat(first.text, " ", last.text));
  request.set_email(absl::StrCat(first.ascii, ".", last.ascii, ".", key, "@voix.example"));
  return request;
}

}  // namespace dealog::cli
