// SPDX-License-Identifier: GPL-3.0-or-later
// Three files of fixed names, nothing inline: the program serves these and no others.
import { defineConfig } from 'vite';

export default defineConfig({
  base: '/',
  build: {
    outDir: '../../build/page',
    emptyOutDir: true,
    target: 'es2022',
    cssCodeSplit: false,
    modulePreload: false,
    assetsInlineLimit: 0,
    rollupOptions: { output: { entryFileNames: 'app.js', assetFileNames: 'app.[ext]', inlineDynamicImports: true } },
  },
});
