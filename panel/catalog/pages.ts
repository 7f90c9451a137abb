import { catalog } from '../../provisioning/catalog/recipe.ts';
import { render } from '../middleware/page.ts';
import { page, type Route } from '../middleware/route.ts';
import { installs } from './queries.ts';
import { recipeView } from './view.ts';

/** The catalogue as the hoster sees it. */
export const routes: Route[] = [
  page({
    method: 'GET',
    path: '/admin/catalogue',
    policy: 'admin',
    async run(ctx) {
      const counts = await installs();
      const recipes = catalog().map(recipe => ({ ...recipeView(recipe), installed: counts[recipe.id] ?? 0 }));
      render(ctx, 'catalog/list', { title: 'Catalogue', here: 'catalogue', recipes });
    },
  }),
];
