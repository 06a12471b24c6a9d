// Method: the templates are looked at as a whole: each pair of languages has the same shape, and
// the default pipeline is the one of the sources.

#include "services/domain/pipeline_templates.h"

#include <gtest/gtest.h>

namespace dealog::domain {
namespace {

TEST(PipelineTemplates, ComeInFrenchAndEnglishOfTheSameShape) {
  int pairs = 0;
  for (const PipelineTemplate& french : PipelineTemplates()) {
    const std::string& name = french.description.name();
    if (!name.ends_with("-fr")) continue;
    const PipelineTemplate* english = FindPipelineTemplate(name.substr(0, name.size() - 2) + "en");
    ASSERT_NE(english, nullptr) << name;
    EXPECT_EQ(french.description.language(), "fr");
    EXPECT_EQ(english->description.language(), "en");
    ASSERT_EQ(french.description.stages_size(), english->description.stages_size()) << name;
    for (int i = 0; i < french.description.stages_size(); ++i) {
      const v1::Stage& a = french.description.stages(i);
      const v1::Stage& b = english->description.stages(i);
      EXPECT_EQ(a.kind(), b.kind()) << name << i;
      EXPECT_EQ(a.probability(), b.probability()) << name << i;
      EXPECT_EQ(a.actions_size(), b.actions_size()) << name << i;
      EXPECT_FALSE(a.objective().empty()) << name << i;
      EXPECT_GT(a.actions_size(), 0) << name << i;
    }
    ++pairs;
  }
  EXPECT_EQ(pairs, 6);
  EXPECT_EQ(PipelineTemplates().size(), 12u);
}

TEST(PipelineTemplates, TheDefaultHasSevenStagesAndItsProbabilities) {
  const PipelineTemplate* sales = FindPipelineTemplate("sales-fr");
  ASSERT_NE(sales, nullptr);
  const char* labels[] = {"Nouveau contact",
                          "Premier contact",
                          "Appel découverte",
                          "Proposition envoyée",
                          "Négociation",
                          "Gagné",
                          "Perdu"};
  const double probabilities[] = {0.05, 0.10, 0.20, 0.40, 0.60, 1, 0};
  ASSERT_EQ(sales->description.stages_size(), 7);
  for (int i = 0; i < 7; ++i) {
    EXPECT_EQ(sales->description.stages(i).label(), labels[i]);
    EXPECT_TRUE(sales->description.stages(i).has_probability());
    EXPECT_EQ(sales->description.stages(i).probability(), probabilities[i]);
  }
}

TEST(PipelineTemplates, UnknownNamesHaveNone) { EXPECT_EQ(FindPipelineTemplate("sales"), nullptr); }

}  // namespace
}  // namespace dealog::domain
