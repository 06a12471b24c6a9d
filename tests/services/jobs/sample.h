#pragma once

// A small import of a singing club: every role, every kind of stage.

#include <map>
#include <string>

namespace dealog::jobs::testing {

inline constexpr char kClubMapping[] = R"(name = "club"
reference_at = 2020-01-01

[pipeline]
name = "Club"
stages = [
  { label = "Prospect", kind = "OPEN" },
  { label = "Trial", kind = "OPEN", probability = 0.5 },
  { label = "Enrolled", kind = "WON" },
  { label = "Lost", kind = "LOST" },
]

[members]
file = "members.csv"
key = "id"
[members.fields]
display_name = "name"
team = "team"

[products]
file = "products.csv"
key = "product"
[products.fields]
display_name = "product"
[products.list_price]
column = "price"
currency = "EUR"

[organizations]
file = "schools.csv"
key = "school"
ignore = ["remark"]
[organizations.fields]
display_name = "school"
owner = "owner"
[organizations.attributes]
sector = "kind"
pupils = { column = "pupils", type = "number" }

[contacts]
file = "people.csv"
key = "id"
[contacts.fields]
display_name = "name"
email = "email"
organization = "school"

[deals]
file = "deals.csv"
key = "ref"
[deals.fields]
title = "ref"
owner = "seller"
product = "product"
organization = "school"
lost_reason = "reason"
[deals.stage]
column = "stage"
opens_in = "Trial"
undated_opens_in = "Prospect"
[deals.stage.values]
"Inscrit" = "Enrolled"
[deals.dates]
opened_at = "opened"
closed_at = "closed"
[deals.amount]
column = "amount"
currency = "EUR"
set_at = "won"
[deals.replace.product]
"Choeur" = "Chœur"
)";

using Files = std::map<std::string, std::string>;

inline const std::string kDealsHeader =
    "ref,seller,product,school,stage,opened,closed,amount,reason\n";

inline Files ClubFiles() {
  return {
      {"members.csv", "id,name,team\nm1,Ada,North\nm2,Bo,South\n"},
      {"products.csv", "product,price\nChœur,120\nSolo,300.50\n"},
      {"schools.csv", "school,owner,kind,pupils,remark\nLycée A,m1,public,900,x\nLycée B,,,,\n"},
      {"people.csv", "id,name,email,school\np1,Cy,cy@example.org,Lycée A\n"},
      {"deals.csv", kDealsHeader + "D1,m1,Choeur,Lycée A,Inscrit,2020-02-01,2020-03-01,120,\n"
                                   "D2,m2,Solo,Lycée B,Lost,2020-02-02,2020-03-02,0,trop cher\n"
                                   "D3,m1,Solo,,Trial,2020-02-03,,,\n"
                                   "D4,m2,Choeur,,Prospect,,,,\n"}};
}

}  // namespace dealog::jobs::testing
