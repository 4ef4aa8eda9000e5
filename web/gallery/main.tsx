import { RouterProvider, type AnyRouter } from '@tanstack/react-router'
import { createRoot } from 'react-dom/client'
import { loadAdmin } from '@/features/admin/load'
import '@/i18n/setup'
import './gallery.css'
import { router } from './router'

const root = document.getElementById('root')
if (!root) throw new Error('index.html has no #root')

// The administration brings strings of its own.
void loadAdmin().then(() => createRoot(root).render(<RouterProvider<AnyRouter> router={router} />))
